"""The stage as a whole: what is sent, what is kept, and the report on it, with a real endpoint on loopback."""

import json

import pytest
from builders import a_chunk
from generating import context_over
from teachers.chat_server import (
    ChatServer,
    Reply,
    about,
    answer,
    make_chunks,
    queries_of,
    refusal,
    schema_of,
    verdict,
    verdicts,
)
from teachers.leaning import even_folder, leaning, now_and_then

from idiolect.errors import TeacherError
from idiolect.files import read_json, read_jsonl, write_text
from idiolect.records import Query, RejectedQuery
from idiolect.stages.context import Context
from idiolect.stages.generate import run
from idiolect.teachers.failure_rounds import Request, Round, add_round

pytest.importorskip("openai")


@pytest.fixture
def endpoint():
    def script(number: int, request) -> Reply:
        if schema_of(request) == "queries":
            return about(request)
        return verdicts(
            *(verdict(query, clarity=2 if "topic3x" in query else 9) for query in queries_of(request))
        )

    server = ChatServer(script)
    yield server
    server.stop()


def test_nothing_of_a_withheld_document_is_sent_and_the_rest_is_reported(tmp_path, endpoint) -> None:
    chunks = make_chunks(12)
    given = context_over(tmp_path, chunks, endpoint.url, withheld={"d4"})
    summary = run(given)
    sent = json.dumps(endpoint.requests)
    assert "topic5x0" in sent and "topic4x0" not in sent
    queries = list(read_jsonl(given.workspace.queries, Query))
    assert len(queries) == summary["queries"] == 11
    report = read_json(given.workspace.generate_report)
    assert report["queries"] == 11
    assert report["coverage"]["chunks_covered"] == 11


def test_the_judge_has_the_last_word(tmp_path, endpoint, tiny_model) -> None:
    given = context_over(
        tmp_path, make_chunks(12), endpoint.url, "generate.judge=true", f"train.base={tiny_model}"
    )
    run(given)
    (refused,) = read_jsonl(given.workspace.rejected, RejectedQuery)
    assert "topic3x0" in refused.text
    assert refused.reason == "judged: clarity 2 below 6"
    asked = len(endpoint.requests)
    run(given)
    assert len(endpoint.requests) == asked, "all answers are kept, the judge's too"


def test_a_style_and_exemplars_of_ones_own_are_sent(tmp_path, endpoint) -> None:
    exemplars = tmp_path / "asked.txt"
    exemplars.write_text("letter sorter jams again\n")
    given = context_over(tmp_path, make_chunks(3), endpoint.url, f"generate.exemplars={exemplars}")
    write_text(given.workspace.styles / "riddle.md", "riddle: says what it is for and not what it is called.")
    run(given)
    system = {request["messages"][0]["content"] for request in endpoint.requests}
    assert len(system) == 1, "the part that never changes comes first"
    assert "riddle: says what it is for" in system.pop()
    assert "letter sorter jams again" in endpoint.requests[0]["messages"][0]["content"]


def test_what_the_first_queries_lean_to_is_told_before_and_after(tmp_path) -> None:
    def few_claims(passage: str, style: str, number: int) -> str | None:
        return None if style == "claim" and now_and_then(0.75, passage, number) else style

    server = ChatServer(leaning(few_claims, place="first"))
    try:
        given = context_over(tmp_path, even_folder(60), server.url)
        run(given)
        told = read_json(given.workspace.generate_report)["correction"]
        assert {finding["name"] for finding in told["change"]["findings"]} >= {
            "style claim",
            "position in chunks",
        }
        assert told["change"]["styles"]["claim"] == 2 and told["change"]["parts"]
        rows = {row["name"]: row for row in told["shares"]}
        assert rows["style claim"]["before"] < rows["style claim"]["whole"] < rows["style claim"]["after"]
        (note,) = [note for note in given.progress.notes if note.startswith("corrected after")]
        assert "queries off the planned styles 0." in note and " → 0." in note
        assert len(server.requests) == 180
        run(given)
        assert len(server.requests) == 180
        run(context_over(tmp_path, even_folder(60), server.url, "generate.correct=false"))
        assert read_json(given.workspace.generate_report)["correction"] is None
        assert len(server.requests) == 300, "the first third was asked as planned"
    finally:
        server.stop()


def test_duplicates_are_not_asked_about(tmp_path, endpoint) -> None:
    chunks = [
        *make_chunks(2),
        a_chunk("copy#0", "topic0x0 is a machine that sorts letters.", duplicate_of="d0-0"),
    ]
    run(context_over(tmp_path, chunks, endpoint.url))
    assert len(endpoint.requests) == 2


def test_the_caps_hold_over_all_attempts_at_a_run(tmp_path) -> None:
    broken = [True]

    def script(number: int, request) -> Reply:
        return refusal(401, "the key has expired") if broken[0] and number > 6 else about(request)

    server = ChatServer(script)
    try:
        given = context_over(
            tmp_path, make_chunks(30), server.url, "generate.max_calls=10", "generate.concurrency=1"
        )
        with pytest.raises(TeacherError, match="refuses access"):
            run(given)
        broken[0] = False
        assert run(given)["queries"] == 9, "one of the ten calls was spent on the refusal"
        assert len(server.requests) == 10
        assert run(given)["queries"] == 19, "a new run has its caps to itself"
    finally:
        server.stop()


def ask_about(given: Context, evaluation: str, *requests: tuple[str, int, list[str]]) -> None:
    """Write down a round of questions, as --for-failures does."""
    made = [Request(chunk=chunk, queries=count, apart_from=apart) for chunk, count, apart in requests]
    add_round(
        given.workspace.focuses,
        Round(evaluation=evaluation, queries=9, dev_queries=20, missed=7, focuses=[], requests=made),
    )


def words_of(request) -> Reply:
    """A query for the chunk asked about, of other words where it is to be told from others."""
    asked = request["messages"][1]["content"]
    name = asked.split("<passage>\n")[1].split()[0]
    return Reply(answer(f"why {name} weighs stamps" if "<other" in asked else f"what is told of {name}?"))


def test_queries_about_failures_come_on_top_of_all_others(tmp_path) -> None:
    server = ChatServer(lambda _, request: words_of(request))
    try:
        given = context_over(tmp_path, make_chunks(12), server.url, "generate.max_queries=5", withheld={"d4"})
        run(given)
        before, asked = list(read_jsonl(given.workspace.queries, Query)), len(server.requests)
        ask_about(given, "x", ("d0-0", 2, ["d4-0", "d1-0"]), ("d4-0", 2, ["d1-0"]), ("gone", 1, []))
        summary = run(given)
        queries = list(read_jsonl(given.workspace.queries, Query))
        assert queries[: len(before)] == before
        assert [query.text for query in queries[len(before) :]] == ["why topic0x0 weighs stamps"]
        (new,) = server.asked_about()[asked:]
        assert "topic1x0" in new and "topic4x0" not in new
        (row,) = summary["failures"]
        assert row == {"dev_queries": 20, "missed": 7, "clusters": 0, "chunks": 3, "asked": 5, "kept": 1}
        assert summary["failures_gone"] == 2
        run(given)
        assert len(server.requests) == asked + 1, "a plain run keeps them, and asks nothing again"
        assert list(read_jsonl(given.workspace.queries, Query)) == queries
    finally:
        server.stop()


def test_caps_never_drop_queries_about_failures_for_others(tmp_path) -> None:
    server = ChatServer(lambda _, request: words_of(request))
    try:
        given = context_over(tmp_path, make_chunks(9), server.url, "generate.max_calls=2")
        ask_about(given, "x", ("d7-0", 1, ["d8-0"]), ("d8-0", 1, ["d7-0"]))
        assert [one["kept"] for one in run(given)["failures"]] == [2]
        assert all("<other" in asked for asked in server.asked_about())
        assert any("were not asked about: the caps" in note for note in given.progress.notes)
    finally:
        server.stop()


def test_the_judges_calls_count_over_all_attempts_too(tmp_path, endpoint, tiny_model) -> None:
    working = endpoint.script
    endpoint.script = lambda number, request: (
        refusal(401, "the key has expired") if number > 35 else working(number, request)
    )
    settings = ("generate.judge=true", "generate.max_calls=40", "generate.concurrency=1")
    given = context_over(tmp_path, make_chunks(30), endpoint.url, f"train.base={tiny_model}", *settings)
    with pytest.raises(TeacherError, match="refuses access"):
        run(given)
    endpoint.script = working
    summary = run(given)
    assert len(endpoint.requests) == 40
    assert (summary["calls"], summary["judge"]["calls"]) == (30, 10)
    assert summary["judge"]["unjudged"] == 21
    run(given)
    assert len(endpoint.requests) > 40, "a new run has its caps to itself"
