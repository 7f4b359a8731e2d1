"""Runs that correct themselves, against endpoints that lean to a style, to beginnings, or to one document."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from chat_server import ChatServer, Reply, Script, refusal
from leaning import asked_for, even_folder, folder, leaning, now_and_then

from idiolect.errors import TeacherError
from idiolect.progress import Silent
from idiolect.records import Chunk
from idiolect.teachers import cache
from idiolect.teachers.base import Generated
from idiolect.teachers.llm import LLMTeacher
from idiolect.teachers.reporting.before_and_after import Correction, Row, before_and_after
from idiolect.teachers.spending import settle

Make = Callable[..., Any]


def mostly_questions(passage: str, style: str, number: int) -> str:
    return "question" if now_and_then(0.6, passage, number) else style


def few_claims(passage: str, style: str, number: int) -> str | None:
    return None if style == "claim" and now_and_then(0.75, passage, number) else style


def complete(teacher: LLMTeacher, chunks: Sequence[Chunk]) -> Generated:
    """Write, and settle the accounts as a stage that comes to its end."""
    generated = teacher.write(chunks, Silent())
    with cache.opened(teacher.cache_path) as answers:
        settle(answers.connection)
    return generated


def comparison(generated: Generated, chunks: Any) -> tuple[Correction, dict[str, Row]]:
    assert generated.corrected is not None
    done = before_and_after(generated.corrected, generated.queries, chunks)
    assert done.before + done.after == len(generated.queries) and done.after > done.before
    return done, {row.name: row for row in [*done.shares, *done.figures]}


def asked(server: ChatServer) -> list[str]:
    return sorted(json.dumps(request["messages"]) for request in server.requests)


def assert_nearer(row: Row) -> None:
    planned = row.planned or 0.0
    assert row.before is not None and row.after is not None and row.whole is not None
    assert abs(row.after - planned) < abs(row.whole - planned) < abs(row.before - planned), row


@pytest.mark.parametrize("style", [mostly_questions, few_claims])
def test_a_style_that_falls_short_is_asked_for_more(serve: Make, teacher: Make, style: Any) -> None:
    chunks = even_folder(100)
    server = serve(leaning(style))
    generated = complete(teacher(server.url), chunks)
    done, rows = comparison(generated, chunks)
    assert "style claim" in [finding.name for finding in done.change.findings]
    assert done.change.styles["claim"] == 2 and rows["style claim"].planned == 0.25
    assert_nearer(rows["style claim"])
    assert_nearer(rows["queries off the planned styles"])
    assert set(generated.summary["asked"]["styles"].values()) == {300}, "what was planned"
    assert len(server.requests) == len(set(asked(server))) == 300


def test_answers_at_the_beginning_are_answered_by_naming_parts(serve: Make, teacher: Make) -> None:
    chunks = even_folder()
    server = serve(leaning(place="first"))
    generated = complete(teacher(server.url), chunks)
    done, rows = comparison(generated, chunks)
    assert done.change.parts and not done.change.styles
    assert_nearer(rows["first fifth of their chunks"])
    assert rows["unevenness over chunks (Cramér's V)"].after < 0.1
    parts = [asked_for(request)[2] for request in server.requests]
    assert not any(parts[:40]) and all(parts[40:])
    last = server.requests[-1]["messages"]
    assert last[0] == server.requests[0]["messages"][0], "the stable part stays as it is"
    assert "Ask about these parts of the passage: " in last[1]["content"].splitlines()[-1]


def test_answers_at_the_end_may_well_stand_there(serve: Make, teacher: Make) -> None:
    assert complete(teacher(serve(leaning(place="last")).url), even_folder()).corrected is None


def test_chunks_that_were_passed_over_are_drawn(serve: Make, teacher: Make) -> None:
    chunks = even_folder(200)  # of which the plan asks about the first chunks first
    server = serve(leaning())
    generated = complete(teacher(server.url, max_queries=800), chunks)
    done, rows = comparison(generated, chunks)
    assert done.change.fifths and not done.change.parts
    assert_nearer(rows["first fifth of their documents"])
    assert_nearer(rows["last fifth of their documents"])
    assert_nearer(rows["unevenness over documents (Cramér's V)"])


def test_a_document_that_dominates_is_asked_about_less(serve: Make, teacher: Make) -> None:
    chunks = folder({"large": 40} | {f"d{n}": 3 for n in range(80)})
    large = {chunk.text for chunk in chunks if chunk.document_id == "large"}

    def style(passage: str, style: str, number: int) -> str | None:
        return style if passage in large or now_and_then(0.3, passage, number) else None

    generated = complete(teacher(serve(leaning(style)).url), chunks)
    done, rows = comparison(generated, chunks)
    assert done.change.documents == {"large": 0.5}
    assert_nearer(rows["document large"])
    assert_nearer(rows["all other documents"])
    assert "document large" in done.sentence


@pytest.mark.parametrize(
    "keys", [{}, {"max_queries": 500}, {"max_calls": 110}, {"multi_hop": 0.3}, {"per_chunk": 6}]
)
def test_an_endpoint_that_does_not_lean_is_asked_as_without(
    serve: Make, teacher: Make, keys: dict[str, Any]
) -> None:
    chunks = folder({f"d{n}": 1 for n in range(150)})
    servers = []
    for correct in (True, False):
        servers.append(serve(leaning()))
        settings = {"model": f"tiny{correct}", "correct": correct, **keys}
        generated = complete(teacher(servers[-1].url, **settings), chunks)
        assert generated.corrected is None and len(generated.queries) > 200
    assert asked(servers[0]) == asked(servers[1])


def test_a_rerun_asks_nothing_and_brings_the_same(serve: Make, teacher: Make) -> None:
    chunks = even_folder(60)
    server = serve(leaning(mostly_questions, place="first"))
    first = complete(teacher(server.url), chunks)
    again = complete(teacher(server.url, max_calls=180, concurrency=1), chunks)
    assert len(server.requests) == 180 and again.summary["calls"] == 0
    assert (again.queries, again.corrected) == (first.queries, first.corrected)


@pytest.mark.parametrize("answers", [30, 60, 61, 100])
def test_a_run_that_broke_off_goes_on_where_it_was(serve: Make, teacher: Make, answers: int) -> None:
    chunks = even_folder(60)  # 60 first requests, 120 others
    script = leaning(few_claims, place="first")
    broken = serve(_until(answers, script))
    with pytest.raises(TeacherError, match="refuses access"):
        teacher(broken.url, concurrency=1).write(chunks, Silent())
    whole = serve(script)
    generated = complete(teacher(whole.url), chunks)
    assert len(whole.requests) == 180 - answers
    unbroken = complete(teacher(serve(script).url, model="other"), chunks)
    assert [query.text for query in generated.queries] == [query.text for query in unbroken.queries]
    assert generated.corrected == unbroken.corrected is not None


def _until(answers: int, script: Script) -> Script:
    return lambda number, request: refusal(401, "expired") if number > answers else script(number, request)


def test_what_failed_once_is_asked_again_and_nothing_else(serve: Make, teacher: Make) -> None:
    script = leaning(few_claims)
    failing = [True]

    def once(number: int, request: dict[str, Any]) -> Reply:
        return refusal(400, "not today") if failing and number == 9 else script(number, request)

    server = serve(once)
    generated = complete(teacher(server.url), even_folder(80))
    assert generated.corrected and generated.summary["chunks_failed"] == {"HTTP 400": 1}
    failing.clear()
    asked_before = len(server.requests)
    complete(teacher(server.url), even_folder(80))
    assert len(server.requests) == asked_before + 1


def test_the_caps_hold_over_both_parts(serve: Make, teacher: Make) -> None:
    chunks = even_folder(100)
    server = serve(leaning(few_claims))
    generated = complete(teacher(server.url, max_calls=150), chunks)
    assert generated.corrected and len(server.requests) == 150
    assert complete(teacher(server.url, max_calls=150), chunks).corrected == generated.corrected
    assert len(server.requests) == 300 == len(set(asked(server))), "a new run goes on with its own caps"
    limited = serve(leaning(few_claims))
    generated = complete(teacher(limited.url, model="other", max_queries=600), chunks)
    assert generated.corrected and len(generated.queries) == 600 and len(limited.requests) < 300


def test_a_first_part_that_the_caps_cut_short_changes_nothing(serve: Make, teacher: Make) -> None:
    server = serve(leaning(few_claims))  # 150 tokens an answer
    generated = complete(teacher(server.url, max_tokens=6_000), even_folder(100))
    assert generated.corrected is None and len(server.requests) < 40
