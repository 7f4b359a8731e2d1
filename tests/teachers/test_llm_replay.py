"""The teacher against recorded answers of a real LLM, served in the protocol by a program of its own."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from idiolect.progress import Silent
from idiolect.records import Chunk

SHARED = Path(__file__).parents[2].parent / "shared"
REPLAY, CORPUS = SHARED / "tools" / "replay_llm.py", SHARED / "data" / "scifact" / "corpus.jsonl"
RECORDED = SHARED / "data" / "scifact-llm" / "queries.jsonl"
pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in (REPLAY, CORPUS, RECORDED)),
    reason="needs the recorded LLM answers of ../shared (tools/replay_llm.py, data/scifact, data/scifact-llm)",
)


@pytest.fixture
def replay() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--corpus", CORPUS, "--queries", RECORDED, "--port", port, "--slots", 8, "--latency", 0.01]
    command = [sys.executable, str(REPLAY), *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def stats(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/stats") as response:
        return json.load(response)  # type: ignore[no-any-return]


def abstracts(count: int) -> list[Chunk]:
    with CORPUS.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in islice(file, count)]
    return [
        Chunk(
            id=row["_id"],
            document_id=row["_id"],
            title=row["title"],
            headings=[],
            text=row["text"],
            start=0,
            end=len(row["text"]),
            tokens=0,
        )
        for row in rows
    ]


def test_recorded_queries_arrive_whole_and_are_paid_for_once(
    replay: str, teacher: Callable[..., Any]
) -> None:
    chunks = abstracts(300)
    with RECORDED.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    asked = {chunk.id for chunk in chunks}
    expected = {row["query"] for row in rows if row["doc_id"] in asked and row["quality"] >= 6}
    generated = teacher(f"{replay}/v1", concurrency=8).write(chunks, Silent())
    kept = {query.text for query in generated.queries}
    assert len(expected - kept) < 0.03 * len(expected)  # what copies a sentence is rejected
    assert expected <= kept | {query.text for query in generated.rejected}
    assert set(generated.summary["styles"]) == {"question", "claim", "keywords", "inference"}
    counted = stats(replay)
    assert counted["queries"] == 300
    again = teacher(f"{replay}/v1", concurrency=8, max_calls=0).write(chunks, Silent())
    assert again.queries == generated.queries
    assert stats(replay) == counted
    assert counted["repeated"] == 0


def test_fewer_slots_than_callers(replay: str, teacher: Callable[..., Any]) -> None:
    generated = teacher(f"{replay}/v1", concurrency=12).write(abstracts(200), Silent())
    counted = stats(replay)
    assert generated.summary["chunks_answered"] == generated.summary["calls"] == counted["calls"] == 200
    assert counted.get("refused", 0) <= 20
