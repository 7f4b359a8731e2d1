"""What is left of a document once it is masked: its offsets, its names, and the policy of each kind."""

import json

import pytest
from lifecycle.privacy.canaries import CANARIES, leaks, write_canaries
from lifecycle.privacy.made_up import VALUES, written

from idiolect.cli import main
from idiolect.config import Privacy, load
from idiolect.errors import MissingExtra, PrivacyError
from idiolect.files import digest_path, digest_text, read_jsonl
from idiolect.lifecycle.privacy import Masker, document_masked, masker, place_masked, recognisers
from idiolect.readers import read_documents
from idiolect.readers.base import Parsed
from idiolect.records import Chunk, Document, RejectedDocument
from idiolect.stages.context import Context
from idiolect.stages.ingest import run
from idiolect.workspace import Workspace

pytest.importorskip("presidio_analyzer")


@pytest.fixture
def hide(tmp_path):
    return masker(Privacy(), tmp_path / "privacy.key")


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    folder.mkdir(exist_ok=True)
    return write_canaries(folder)


def ingested(docs, work, model, *settings):
    context = Context(Workspace(work), load(None, [f"train.base={model}", *settings]), source=docs)
    return context.workspace, run(context)


def test_pseudonyms_are_the_same_for_all_spellings_and_are_not_found_again(tmp_path):
    hide = masker(Privacy(phone_regions=("DE",)), tmp_path / "privacy.key")
    one = hide.text("IBAN DE44 5001 0517 5407 3249 31, mira@werk-ost.de, 030 90182077 (tel)")
    other = hide.text("DE44500105175407324931 and MIRA@werk-ost.de and +49 (0)30 / 90182077")
    assert [part.strip(",") for part in one.split() if part.startswith("<")] == [
        part for part in other.split() if part.startswith("<")
    ]
    for entity in VALUES:
        for text, _ in written(entity, 40):
            assert hide.text(hide.text(text)) == hide.text(text)


def test_another_work_has_other_pseudonyms_and_the_same_one_the_same(tmp_path):
    text = "mira@werk-ost.de"
    first, again, other = (
        Masker(Privacy(), tmp_path / name).text(text) for name in ("a.key", "a.key", "b.key")
    )
    assert first == again != other
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_none_is_told(tmp_path):
    (tmp_path / "privacy.key").write_text("not a key")
    with pytest.raises(PrivacyError, match=r"privacy.key is no key of 32 bytes"):
        Masker(Privacy(), tmp_path / "privacy.key").text("mira@werk-ost.de")


def test_positions_move_with_the_text(hide):
    text = "ab mira@werk-ost.de cd 91.198.174.77 ef"
    masked = hide.masked(text)
    for word in ("ab", "cd", "ef"):
        at = masked.moved(text.index(word))
        assert masked.text[at : at + 2] == word
    assert masked.moved(len(text)) == len(masked.text)
    assert masked.text[masked.moved(3) : masked.moved(19)] == hide.text("mira@werk-ost.de")
    assert masked.moved(10) == masked.moved(19)


def test_blocks_and_headings_of_every_format_still_stand_where_they_say(docs, hide):
    seen = 0
    for parsed in read_documents(docs):
        if not isinstance(parsed, Parsed):
            continue
        masked = document_masked(parsed, parsed.document.path, hide)
        text = masked.document.text
        assert masked.document.sha256 == digest_text(text) != parsed.document.sha256
        assert len(masked.blocks) == len(parsed.blocks)
        for before, after in zip(parsed.blocks, masked.blocks, strict=True):
            shown = hide.text(parsed.document.text[before.start : before.end])
            assert text[after.start : after.end].startswith(shown[:8])
            assert after.heading == hide.text(before.heading)
            seen += 1
    assert seen > 15


def test_names_of_files_keep_their_suffix_and_metadata_its_shape(docs, hide, tmp_path):
    email = CANARIES["email"]
    assert place_masked(f"a/{email}/of {email}.md:3", hide) == "a/{0}/of {0}.md:3".format(hide.text(email))
    assert place_masked(f"of {email}.md.license", hide) == f"of {hide.text(email)}.md.license"
    assert place_masked("guide/setting-up.md", hide) == "guide/setting-up.md"
    entry = next(one for one in read_documents(docs / "entries.jsonl"))
    masked = document_masked(entry, "entries.jsonl:1", hide).document
    assert masked.id == f"entry-{hide.text(email)}" or masked.id == hide.text(f"entry-{email}")
    assert masked.metadata["author"] == {
        "dni": hide.text(CANARIES["national_id"]),
        "hosts": [hide.text(CANARIES["ip"])],
    }


def test_a_number_in_metadata_is_known_by_its_key(hide, tmp_path):
    (tmp_path / "one.jsonl").write_text(json.dumps({"_id": "1", "text": "a pump", "phone": 2079460018}))
    (tmp_path / "two.jsonl").write_text(json.dumps({"_id": "1", "text": "a pump", "turns": 2079460018}))
    one, two = (next(iter(read_documents(tmp_path / name))) for name in ("one.jsonl", "two.jsonl"))
    assert document_masked(one, "one.jsonl:1", hide).document.metadata["phone"].startswith("<phone:")
    assert document_masked(two, "two.jsonl:1", hide) is two


def test_drop_sets_the_document_aside_and_tells_no_value(docs, tmp_path, tiny_model):
    work, summary = ingested(docs, tmp_path / "work", tiny_model, "privacy.iban=drop")
    rejected = {one.reason for one in read_jsonl(work.rejected_documents, RejectedDocument)}
    assert "privacy: it holds an IBAN" in rejected
    assert "ledger.md" not in {one.id for one in read_jsonl(work.documents, Document)}
    assert summary["privacy"]["documents_dropped"] == 1
    assert leaks(work.root) == {}


def test_allow_leaves_a_kind_and_no_scan_leaves_all(docs, tmp_path, tiny_model):
    work, _ = ingested(docs, tmp_path / "some", tiny_model, "privacy.email=allow")
    assert (
        CANARIES["email"] in work.documents.read_text() and CANARIES["ip"] not in work.documents.read_text()
    )
    work, summary = ingested(docs, tmp_path / "all", tiny_model, "privacy.scan=false")
    assert CANARIES["ip"] in work.documents.read_text()
    assert summary["privacy"] == {"scanned": False} and not work.privacy_key.exists()


def test_what_is_kept_while_reading_is_masked_and_the_same_with_any_number_of_processes(
    docs, tmp_path, tiny_model
):
    key = f"privacy.key={tmp_path / 'shared.key'}"
    one, _ = ingested(docs, tmp_path / "one", tiny_model, key, "ingest.workers=1")
    two, _ = ingested(docs, tmp_path / "two", tiny_model, key, "ingest.workers=2")
    assert any(one.reading.iterdir()) and leaks(one.root) == {}
    for work in (one, two):
        documents = {item.id: item for item in read_jsonl(work.documents, Document)}
        for chunk in read_jsonl(work.chunks, Chunk):
            assert documents[chunk.document_id].text[chunk.start : chunk.end] == chunk.text
    for name in ("documents", "chunks", "rejected_documents"):
        assert digest_path(getattr(one, name)) == digest_path(getattr(two, name))


def test_without_presidio_ingest_says_how_to_get_it_and_how_to_do_without(
    docs, tmp_path, tiny_model, monkeypatch
):
    monkeypatch.setattr(recognisers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"idiolect\[privacy\].*--set privacy.scan=false"):
        ingested(docs, tmp_path / "work", tiny_model)
    assert not (tmp_path / "work" / "documents.jsonl").exists()
    ingested(docs, tmp_path / "work", tiny_model, "privacy.scan=false")


def test_a_changed_policy_ingests_anew(tmp_path, tiny_model, capsys):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "one.txt").write_text("The keeper is mira@werk-ost.de and nobody else.")

    def ingest(*settings):
        options = [part for one in (f"train.base={tiny_model}", *settings) for part in ("--set", one)]
        with pytest.raises(SystemExit) as stop:
            main(["ingest", str(docs), "-w", str(tmp_path / "work"), *options])
        assert stop.value.code == 0
        return capsys.readouterr().err

    assert "masked in 1 documents: 1 email" in ingest()
    assert "up to date" in ingest()
    assert "changed: privacy.email" in ingest("privacy.email=allow")
    assert "mira@werk-ost.de" in (tmp_path / "work" / "documents.jsonl").read_text()
