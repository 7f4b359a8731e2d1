"""What people did with a document, and what was learnt from that, when the document is erased."""

import json
from pathlib import Path

import pytest
from builders import a_chunk, documents_of
from happened import action, impression, keep, log_of
from indexed_manuals import command

from idiolect.erasing import erasure
from idiolect.errors import PrivacyError
from idiolect.files import read_json, read_jsonl, tree_digests, write_json, write_jsonl
from idiolect.lifecycle.audit.verifying import verify
from idiolect.lifecycle.feedback import database
from idiolect.workspace import Workspace

SALE = "The harbour master Quillfeather sold nine brass lanterns to a stranger who paid in foreign coins."
GONE, STAYS = "planted-letter", "mains-valve"


@pytest.fixture
def work(tmp_path):
    """Two documents, and searches that showed both."""
    work = Workspace(tmp_path / "work")
    chunks = [a_chunk(f"{GONE}#0", SALE), a_chunk(f"{STAYS}#0", "The mains valve shuts off one district.")]
    write_jsonl(work.documents, documents_of(chunks))
    write_jsonl(work.chunks, chunks)
    both = (GONE, STAYS)
    keep(
        work.root,
        impression("shown", documents=both),
        action("shown", 9, rank=2),
        impression("clicked", 60, documents=both),
        action("clicked", 69, rank=1),
        action("clicked", 99, rank=2),
        impression("quoting", 200, query=f"who wrote {SALE[10:70]}", documents=(STAYS,)),
        impression("other", 300, documents=(STAYS,)),
        action("waiting", document=GONE),
        action("waiting too", document=STAYS),
    )
    answers = [{"document": one, "chunk": f"{one}#0", "weight": 1.5} for one in both]
    row = {"id": "f1", "text": "what shuts off a district?", "positives": answers}
    negatives = [{"document": GONE, "users": 5}, {"document": "storage-tank", "users": 5}]
    write_jsonl(
        work.learnt / "queries.jsonl",
        [
            row | {"negatives": negatives},
            {"id": "f2", "text": "who sold lanterns?", "positives": answers[:1]},
        ],
    )
    write_json(work.learnt / "report.json", {"documents": {GONE: 3, STAYS: 4}})
    asked = [{"text": f"who wrote {SALE[10:70]}"}, {"text": "what shuts off a district?"}]
    write_json(work.drift_reference, {"kind": "file", "taken": "2026-03-11", "queries": asked})
    return work


def held(work):
    """The files whose bytes tell of the document."""
    files = [path for path in work.root.rglob("*") if path.is_file()]
    return [
        path.name
        for path in files
        if any(word in path.read_bytes() for word in (b"Quillfeather", b"planted-letter", b"brass lanterns"))
    ]


def test_nothing_is_left_of_it_and_the_rest_stays_as_it_was_shown(work):
    assert {"feedback.db", "queries.jsonl", "report.json", "drift_reference.json"} <= set(held(work))
    done = command("audit", "erase", "-w", work.root, "--document", GONE, "--json", "-q")
    assert held(work) == []
    counted = {kind: count for kind, count in done["removed"].items() if kind not in ("documents", "chunks")}
    assert counted == {
        "impressions": 2,
        "hits of impressions": 1,
        "actions": 3,
        "learnt from feedback": 1,
        "parts of what was learnt from feedback": 2,
        "queries of the drift reference": 1,
    }
    shown, other = log_of(work.root).seen()
    assert [(hit.rank, hit.document) for hit in shown.impression.hits] == [(2, STAYS)], "the rank it had"
    assert [one.rank for one in shown.actions] == [2]
    assert other.impression.id == "other"
    (row,) = read_jsonl(work.learnt / "queries.jsonl", dict)
    assert row["negatives"] == [{"document": "storage-tank", "users": 5}]
    assert [one["document"] for one in row["positives"]] == [STAYS]
    assert [one["text"] for one in read_json(work.drift_reference)["queries"]] == [
        "what shuts off a district?"
    ]
    verify(work)


def test_an_ordinary_name_goes_where_it_is_a_documents(tmp_path):
    work = Workspace(tmp_path)
    chunks = [a_chunk("64#0", SALE), a_chunk("65#0", "The mains valve shuts off one district.")]
    write_jsonl(work.documents, documents_of(chunks))
    write_jsonl(work.chunks, chunks)
    keep(
        work.root, impression(documents=("64", "65"), query="64"), action(rank=2), action("j", document="64")
    )
    write_jsonl(
        work.learnt / "queries.jsonl", [{"text": "64", "positives": [{"document": "64", "chunk": ""}]}]
    )
    erasure.erase(work, ["64"])
    (seen,) = log_of(work.root).seen()
    assert [hit.document for hit in seen.impression.hits] == ["65"] and seen.impression.query == "64"
    assert log_of(work.root).waiting() == 0
    assert list(read_jsonl(work.learnt / "queries.jsonl", dict)) == []


def test_it_does_not_come_back_with_later_events(work):
    erasure.erase(work, [GONE])
    kept = keep(
        work.root, impression("later", 900, documents=(GONE, STAYS)), action("later", 990, document=GONE)
    )
    assert (kept.erased, len(kept.set_aside)) == (1, 1)
    assert held(work) == []


def test_a_dry_run_counts_it_and_changes_nothing(work):
    before = tree_digests(work.root)
    told = command("audit", "erase", "-w", work.root, "--document", GONE, "--dry-run", "--json")
    assert told["removed"]["hits of impressions"] == 1
    assert tree_digests(work.root) == before


def test_while_another_process_reads_the_log_it_is_not_done(work, monkeypatch):
    original = database.connected
    monkeypatch.setattr(database, "connected", lambda path: original(path, 0.2))
    reader = log_of(work.root).everything()
    next(reader)
    with pytest.raises(PrivacyError, match=r"read by another process.*--resume"):
        erasure.erase(work, [GONE])
    reader.close()
    erasure.resume(work)
    assert held(work) == []
    assert json.loads(Path(work.audit).read_text().splitlines()[-1])["event"] == erasure.ERASED
