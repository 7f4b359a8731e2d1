"""The teacher that asks an LLM, against an endpoint that answers as it should."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from chat_server import Reply, about, answer, make_chunks
from told import Told

from idiolect.errors import TeacherError
from idiolect.progress import Silent
from idiolect.teachers.base import Teacher, query_id
from idiolect.teachers.order import evenly

Make = Callable[..., Any]


def test_a_request_follows_the_protocol(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    chunks = make_chunks(2)
    teacher(server.url, per_chunk=7).write(chunks, Silent())
    first, second = server.requests
    assert first["model"] == "tiny"
    assert first["response_format"]["type"] == "json_schema"
    assert first["response_format"]["json_schema"]["name"] == "queries"
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert first["messages"][0] == second["messages"][0]  # the stable part comes first
    assert "Write 7 queries" in first["messages"][1]["content"].splitlines()[-1]  # what varies comes last
    for style in ("question:", "claim:", "keywords:", "inference:"):
        assert style in first["messages"][0]["content"]
    assert "typo:" not in first["messages"][0]["content"]
    teacher(server.url, styles=("typo", "scenario")).write(chunks, Silent())
    for style in ("typo:", "scenario:"):
        assert style in server.requests[-1]["messages"][0]["content"]
    asked = {request["messages"][1]["content"] for request in server.requests}
    for chunk in chunks:
        assert any(chunk.text in text and chunk.title in text and "Section 0" in text for text in asked)


def test_what_comes_back_becomes_records(serve: Make, teacher: Make) -> None:
    written = {"query": " who sorts\nletters? ", "style": "Claim", "answer": "a machine", "quality": "8"}
    server = serve(lambda number, request: Reply(answer(written)))
    maker: Teacher = teacher(server.url)
    (query,) = maker.write(make_chunks(1), Silent()).queries
    assert (query.text, query.style, query.answer) == ("who sorts letters?", "claim", "a machine")
    assert (query.positives, query.source, query.teacher) == (["d0-0"], "d0-0", "llm:tiny")
    assert (query.score, query.scores, query.hops, query.copied) == (0.8, {"quality": 8.0}, 1, False)
    assert query.id == query_id("d0-0", "who sorts letters?")
    assert len(query.id) == 13


def test_positives_of_an_answer_count_only_where_they_are_chunks(serve: Make, teacher: Make) -> None:
    written = {"query": "who sorts letters?", "positives": ["d1-0", "nonsense", "d0-0"], "hops": 2}
    server = serve(lambda number, request: Reply(answer(written) if number == 1 else answer()))
    (query,) = teacher(server.url).write(make_chunks(2), Silent()).queries
    assert sorted(query.positives) == ["d0-0", "d1-0"]
    assert query.hops == 2


def test_the_order_of_queries_is_that_of_the_chunks(serve: Make, teacher: Make) -> None:
    def late(number: int, request: dict[str, Any]) -> Reply:
        time.sleep(0.03 * (number % 4))
        return about(request)

    chunks = make_chunks(6, each=2)
    queries = teacher(serve(late).url, concurrency=5).write(chunks, Silent()).queries
    assert [query.source for query in queries] == [chunk.id for chunk in chunks]


def test_what_is_rejected_says_why(serve: Make, teacher: Make) -> None:
    copy = "is a machine that sorts letters by their weight, and the COLOUR of their stamps"
    said = answer({"query": "vague?", "quality": 3}, copy, "who sorts mail?", "Who sorts MAIL", " ", "stamps")
    server = serve(lambda number, request: Reply(said))
    generated = teacher(server.url).write(make_chunks(1), Silent())
    assert [query.text for query in generated.queries] == ["who sorts mail?", "stamps"]
    reasons = {query.text: query.reason for query in generated.rejected}
    assert reasons["vague?"] == "quality 3 below 6"
    assert reasons[copy] == "a copy of the chunk's own words"
    assert reasons["Who sorts MAIL"] == f"a duplicate of {generated.queries[0].id}"
    assert generated.summary["rejected"] == {"copy": 1, "duplicate": 1, "low quality": 1}
    assert (generated.summary["kept"], generated.summary["empty_texts"]) == (2, 1)


def test_duplicates_are_found_across_chunks_in_their_order(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: Reply(answer("who sorts letters?")))
    generated = teacher(server.url).write(make_chunks(4), Silent())
    assert [query.source for query in generated.queries] == ["d0-0"]
    assert len(generated.rejected) == 3


def test_an_empty_list_is_a_valid_answer(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: Reply(answer()) if number % 2 else about(request))
    generated = teacher(server.url, concurrency=1).write(make_chunks(4), Silent())
    assert len(generated.queries) == 2
    assert generated.summary["chunks_empty"] == 2
    assert len(server.requests) == 4


def test_nothing_is_asked_twice(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    chunks = make_chunks(5)
    first = teacher(server.url).write(chunks, Silent())
    second = teacher(server.url, max_calls=0).write(chunks, Silent())
    assert len(server.requests) == 5
    assert second.queries == first.queries
    assert (second.summary["calls"], second.summary["cached"]) == (5, 5), "those of one unfinished run"


def test_another_model_is_asked_anew(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    teacher(server.url).write(make_chunks(2), Silent())
    teacher(server.url, model="other").write(make_chunks(2), Silent())
    assert len(server.requests) == 4


def test_the_cap_on_calls_holds_under_concurrency(serve: Make, teacher: Make) -> None:
    def slow(number: int, request: dict[str, Any]) -> Reply:
        time.sleep(0.02)
        return about(request)

    server = serve(slow)
    generated = teacher(server.url, max_calls=10, concurrency=16).write(make_chunks(12, each=3), Silent())
    assert len(server.requests) == 10
    assert len(generated.queries) == 10
    assert generated.summary["chunks_unasked"] == 26
    # every document's first chunk comes before any second one
    assert {query.source[-2:] for query in generated.queries} == {"-0"}
    assert server.most_busy <= 16


def test_retries_stay_within_the_cap(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request) if number % 2 else Reply("rubbish"))
    generated = teacher(server.url, max_calls=9, concurrency=4).write(make_chunks(30), Silent())
    assert len(server.requests) <= 9
    assert generated.summary["calls"] == len(server.requests)


def test_the_cap_on_tokens_stops_the_asking(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))  # 150 tokens an answer
    generated = teacher(server.url, max_tokens=5_000, concurrency=8).write(make_chunks(100), Silent())
    spent = generated.summary["prompt_tokens"] + generated.summary["completion_tokens"]
    assert spent == 150 * len(server.requests) <= 5_000
    assert 10 <= len(server.requests) < 100
    assert generated.summary["chunks_unasked"] == 100 - len(server.requests)


def test_caps_that_allow_for_nothing_are_an_error(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    with pytest.raises(TeacherError, match=r"generate\.max_calls = 0"):
        teacher(server.url, max_calls=0).write(make_chunks(2), Silent())
    assert server.requests == []


def test_no_chunks_no_calls(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    assert teacher(server.url).write([], Silent()).queries == []
    assert server.requests == []


def test_the_key_comes_from_the_environment(
    serve: Make, teacher: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda number, request: about(request))
    monkeypatch.setenv("TEST_LLM_KEY", "secret ")
    teacher(server.url, api_key_env="TEST_LLM_KEY").write(make_chunks(1), Silent())
    monkeypatch.delenv("TEST_LLM_KEY")
    teacher(server.url, api_key_env="TEST_LLM_KEY").write(make_chunks(2), Silent())
    assert server.keys == ["Bearer secret", "Bearer none"]


def test_progress_tells_what_was_spent(serve: Make, teacher: Make) -> None:
    told, asking = Told(), teacher(serve(lambda number, request: about(request)).url, max_calls=50)
    asking.priced = lambda prompt, completion: f"{(prompt + 2 * completion) / 1000:.1f} EUR"
    asking.write(make_chunks(3), told)
    assert told.tasks == [("asking the teacher", 3, "requests")]
    assert told.details[-1] == (
        "3 queries; spent 3 calls, 450 tokens, 0.6 EUR; left 47 calls, 20.0M tokens, 9.4 EUR"
    )
    assert told.free == 0


def test_progress_tells_apart_what_was_known(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    teacher(server.url).write(make_chunks(4), Silent())
    told = Told()
    teacher(server.url).write(make_chunks(6), told)
    assert len(told.details) == 6
    assert told.free == 4
    assert "4 from the cache" in told.details[-1]


def test_rounds_of_asking_are_one_task_of_the_progress(serve: Make, teacher: Make) -> None:
    """One query an answer where four were asked for: more requests are needed than was to be expected."""
    told = Told()
    teacher(serve(lambda number, request: about(request)).url, max_queries=20).write(make_chunks(60), told)
    (task,) = told.tasks
    assert task[1] is not None and task[1] < 20
    assert told.totals[-1] == len(told.details) == 20
    assert told.totals == sorted(told.totals)


@pytest.mark.timed
def test_an_interrupt_ends_the_calls_and_keeps_the_answers(serve: Make, teacher: Make) -> None:
    release = threading.Event()

    def stuck(number: int, request: dict[str, Any]) -> Reply:
        if number > 3:
            release.wait(10)
        return about(request)

    class Interrupting(Silent):
        def advance(self, count: int = 1, detail: str = "", free: bool = False) -> None:
            if "spent 3 calls" in detail:
                raise KeyboardInterrupt

    server = serve(stuck)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        teacher(server.url, concurrency=4).write(make_chunks(20), Interrupting())
    assert time.monotonic() - began < 5
    release.set()
    before = len(server.requests)
    generated = teacher(server.url).write(make_chunks(20), Silent())
    assert generated.summary["cached"] >= 3
    assert len(server.requests) - before == 20 - generated.summary["cached"]


def test_documents_take_turns_in_an_order_drawn_by_the_seed() -> None:
    chunks = [*make_chunks(30, each=2), *make_chunks(1, each=5)[2:]]
    order = evenly(chunks, 13)
    assert order == evenly(chunks, 13) != evenly(chunks, 14)
    assert [chunk.id[-2:] for chunk in order] == ["-0"] * 30 + ["-1"] * 30 + ["-2", "-3", "-4"]
