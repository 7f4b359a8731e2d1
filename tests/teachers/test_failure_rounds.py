"""Rounds of questions about failures: kept in one file, each asking something that no other asked."""

import pytest
from builders import a_chunk
from builders import dev_row as row
from chat_server import make_chunks

from idiolect.config import Generate
from idiolect.errors import InputError
from idiolect.teachers.failure_rounds import (
    Request,
    Round,
    Target,
    add_round,
    evaluation_of,
    read_rounds,
    requests,
    targets,
)
from idiolect.teachers.failures import focuses
from idiolect.teachers.plan import plan
from idiolect.teachers.prompt import make_prompts
from idiolect.teachers.style_texts import load_style_texts

STYLES = ["claim", "keywords", "question"]


def a_round(evaluation, *asked, queries=200):
    made = [Request(chunk=chunk, queries=count, apart_from=list(apart)) for chunk, count, *apart in asked]
    return Round(
        evaluation=evaluation, queries=queries, dev_queries=9, missed=2, focuses=[], requests=made
    )  # fmt: skip


def test_a_round_follows_those_before_it_and_replaces_the_one_of_the_same_evaluation(tmp_path):
    path = tmp_path / "focuses.json"
    assert read_rounds(path) == []
    first, second = a_round("x", ("a#0", 2, "b#0")), a_round("y", ("a#0", 1))
    add_round(path, first)
    add_round(path, second)
    assert read_rounds(path) == [first, second]
    larger = a_round("x", ("a#0", 5), queries=500)
    add_round(path, larger)
    assert read_rounds(path) == [larger, second]
    path.write_text("{}")
    with pytest.raises(InputError, match=r"focuses.json holds no rounds .*delete it"):
        read_rounds(path)


def test_an_evaluation_is_known_by_what_its_run_found_on_dev():
    rows = [row("q1", ["a#0"], ["b#0"]), row("q2", ["a#1"], ["b#0"])]
    same = evaluation_of(rows, "dense-tuned")
    assert evaluation_of(rows[::-1], "dense-tuned") == same
    assert evaluation_of([rows[0], row("q2", ["a#1"], ["a#1"])], "dense-tuned") != same


def test_a_chunk_of_two_confusions_is_asked_about_once_and_told_from_both():
    rows = [row("q1", ["a#0"], ["b#0"]), row("q2", ["a#0"], ["c#0"])]
    chunks = [a_chunk(name, name) for name in ("a#0", "b#0", "c#0")]
    (one,) = requests(focuses(rows, chunks), 6, most=8)
    assert one == Request(chunk="a#0", queries=6, apart_from=["b#0", "c#0"])


def test_what_is_gone_or_no_longer_trains_is_not_asked_about():
    chunks = [a_chunk("a#0", "text"), a_chunk("b#0", "text", duplicate_of="a#0")]
    found = list(targets([a_round("x", ("a#0", 2, "b#0", "z#0"), ("b#0", 1), ("z#0", 1))], chunks))
    assert found == [Target(chunks[0], 2, (chunks[1],), 1)]


def asked(rounds, chunks, **settings):
    """The requests about failures, and all other requests."""
    given = Generate(teacher="llm", model="m", **settings)
    everything = plan(chunks, given, 13, STYLES, targets=targets(rounds, chunks), withheld={"d3"})
    return [one for one in everything if one.round], [one for one in everything if not one.round]


def test_requests_about_failures_come_besides_all_others_and_leave_them_as_they_are():
    chunks = make_chunks(5)
    first, second = a_round("x", ("d0-0", 2, "d1-0")), a_round("y", ("d0-0", 2, "d1-0"), ("d2-0", 3))
    plain = plan(chunks, Generate(teacher="llm", model="m"), 13, STYLES, withheld={"d3"})
    alone, others = asked([first], chunks)
    assert others == plain
    both, others = asked([first, second], chunks)
    assert others == plain
    assert both[0] == alone[0], "a further round asks anew for nothing that was answered"
    assert [(one.round, one.chunks[0].id, one.count, one.before) for one in both] == [
        (1, "d0-0", 2, 0), (2, "d0-0", 2, 1), (2, "d2-0", 3, 0),
    ]  # fmt: skip
    prompts = make_prompts(load_style_texts(), STYLES)
    said = [prompts.messages(one)[1]["content"] for one in both[:2]]
    assert said[0] != said[1], "the same words would be answered from the cache"
    assert "asked about like this once before" in said[1] and "before" not in said[0]


def test_each_round_draws_its_own_styles():
    chunks = make_chunks(20)
    everything = [(chunk.id, 1, "d0-0") for chunk in chunks]
    found, _ = asked([a_round("x", *everything), a_round("y", *everything)], chunks)
    by_round = [[one.styles for one in found if one.round == number] for number in (1, 2)]
    assert by_round[0] != by_round[1]


def test_the_chunk_stands_first_and_what_it_is_told_from_after_it():
    chunks = make_chunks(5)
    (one,), others = asked([a_round("x", ("d0-0", 2, "d1-0", "d2-0"))], chunks, languages=("de",))
    prompts = make_prompts(load_style_texts(), STYLES)
    system, user = prompts.messages(one)
    assert system == prompts.messages(others[0])[0], "the stable part stays the same"
    places = [user["content"].index(part) for part in (
        f"<passage>\n{chunks[0].text}\n</passage>",
        f'<other number="1">\n{chunks[1].text}\n</other>',
        f'<other number="2">\n{chunks[2].text}\n</other>',
        "the first passage answers it and none of the others does",
        "Write 2 queries in German.",
    )]  # fmt: skip
    assert places == sorted(places)


def test_nothing_withheld_is_asked_about_or_shown():
    chunks = make_chunks(5)
    found, _ = asked([a_round("x", ("d3-0", 2, "d1-0"), ("d0-0", 2, "d3-0", "d1-0"))], chunks)
    assert [one.chunks[0].id for one in found] == ["d0-0"]
    assert found[0].apart_from == (chunks[1],)
