"""The list that keeps erased documents out of later runs."""

import pytest

from idiolect.config import load
from idiolect.errors import PrivacyError
from idiolect.files import read_jsonl
from idiolect.lifecycle.erasure import suppression
from idiolect.records import Document, RejectedDocument
from idiolect.stages import ingest
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

DIARY = "Mrs Halvorsen lent the surveyor her boat in May.\n\nHe brought it back in June, without the oars."


def a_document(identifier, text, path=""):
    return Document(id=identifier, path=path or identifier, title="", text=text, sha256="0" * 64)


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "suppressed.json"
    suppression.suppress(path, ["diary.txt"], [DIARY])
    return suppression.read(path)


@pytest.mark.parametrize(
    ("place", "document"),
    [
        ("diary.txt", a_document("diary.txt", "Now it says something else.")),
        ("rows.csv, line 3", a_document("row-3", DIARY)),
        ("scan.txt", a_document("scan.txt", DIARY.upper().replace("\n\n", " \n"))),
    ],
)
def test_it_knows_a_document_by_its_name_and_by_its_text(listed, place, document):
    assert listed.covers(place, document)


def test_it_lets_others_in(listed):
    other = a_document("other.txt", "Mrs Halvorsen lent the surveyor her boat in May.")
    assert not listed.covers("other.txt", other)
    assert listed.hidden("other.txt") == "other.txt"


def test_nothing_can_be_read_out_of_it(tmp_path, listed):
    held = (tmp_path / "suppressed.json").read_text()
    assert "diary" not in held
    assert "Halvorsen" not in held
    assert "diary" not in listed.hidden("diary.txt")


def test_more_names_come_under_the_same_key(tmp_path, listed):
    suppression.suppress(tmp_path / "suppressed.json", ["letters.txt"], [])
    after = suppression.read(tmp_path / "suppressed.json")
    assert after.key == listed.key
    assert {*listed.names} < {*after.names}


def test_a_list_that_cannot_be_read_lets_nothing_in(tmp_path):
    (tmp_path / "suppressed.json").write_text('{"key": 1}')
    with pytest.raises(PrivacyError, match="cannot be read"):
        suppression.read(tmp_path / "suppressed.json")


def test_ingest_sets_aside_what_is_on_it_and_writes_nothing_of_it(tmp_path, tiny_model):
    docs, work = tmp_path / "docs", Workspace(tmp_path / "work")
    docs.mkdir()
    for name, text in {
        "diary.txt": "It was rewritten.",
        "copy.md": DIARY,
        "stays.txt": "The boat is blue.",
    }.items():
        (docs / name).write_text(text)
    suppression.suppress(work.suppressed, ["diary.txt", "broken.pdf"], [DIARY])
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 of which nothing is left")
    config = load(None, [f"train.base={tiny_model}", "ingest.workers=1"])
    summary = ingest.run(Context(work, config, source=docs))

    assert [one.id for one in read_jsonl(work.documents, Document)] == ["stays.txt"]
    aside = list(read_jsonl(work.rejected_documents, RejectedDocument))
    assert [one.reason for one in aside].count(suppression.ERASED) == 2
    assert summary["reasons"]["erased"] == 2
    written = b"".join(path.read_bytes() for path in work.root.rglob("*") if path.is_file())
    for trace in (b"diary", b"copy.md", b"Halvorsen", b"rewritten", b"broken.pdf"):
        assert trace not in written
