"""Near misses: what is asked, what is read of an answer, which texts are none, and which queries get one."""

import json
from typing import Any

import pytest
from builders import a_chunk, written
from msgspec.structs import replace

from idiolect.errors import UsageError
from idiolect.teachers.near_misses import (
    MOST_AT_ONCE,
    NEGATIVES_FORMAT,
    NearMiss,
    Wish,
    drawn,
    fault,
    wishes,
)
from idiolect.teachers.protocol import Answer, UnusableAnswerError
from idiolect.teachers.style_texts import load_style_texts

TEXT = (
    "The relief valve of the boiler opens at three bar and closes at two. It is tested every spring by the "
    "crew of the eastern works, who lift the lever twice, wait until no steam is heard any more, and write "
    "the pressure at which it closed into the station book beside the boiler."
)
CHUNK = a_chunk("valve#0", TEXT, title="Manual of the boiler", headings=["Valves", "Relief"])
OPENS, TESTED = (
    written("at what pressure is steam let out?", "valve#0"),
    written("how often is it checked?", "valve#0"),
)
MISS = (
    "Steam leaves the boiler through a relief valve that hisses when it works. The crew of the eastern works "
    "cares for it together with the gauge: each spring they grease the lever, look for rust below the cap and "
    "note in the station book who was on duty on that day and which tools were used."
)
INSTRUCTIONS = load_style_texts().negatives
WISH = Wish(INSTRUCTIONS, CHUNK, (OPENS, TESTED))


def answered(*items: Any, truncated: bool = False, cut: int | None = None) -> Answer:
    text = json.dumps({"negatives": items})[:cut]
    return Answer(text=text, prompt_tokens=1, completion_tokens=1, truncated=truncated)


def item(query: str, passage: str = MISS, **more: Any) -> dict[str, Any]:
    return {"query": query, "passage": passage, "changed": "the pressure"} | more


def test_a_request_shows_the_chunk_verbatim_and_every_query_with_its_answer() -> None:
    told = replace(OPENS, answer="at three bar")
    system, shown = (m["content"] for m in Wish(INSTRUCTIONS, CHUNK, (told, TESTED)).messages())
    assert NEGATIVES_FORMAT["json_schema"]["name"] == "negatives"
    assert '{"negatives": [{"query": "...", "passage": "...", "changed": "..."}]}' in system
    assert "Title: Manual of the boiler\nSection: Valves › Relief\n<passage>\n" + TEXT in shown
    assert f"- {OPENS.text}\n  answer: at three bar\n- {TESTED.text}" in shown


def test_one_request_a_chunk_and_large_ones_are_divided() -> None:
    other = a_chunk("pump#0", "The pump stops when the tank is full.")
    queries = [written(f"question {number}?", "valve#0") for number in range(MOST_AT_ONCE + 2)]
    asked = wishes(
        [*queries, written("when does it rest?", "pump#0")], {"valve#0": CHUNK, "pump#0": other}, ""
    )
    assert [(one.chunk.id, len(one.queries)) for one in asked] == [
        ("valve#0", MOST_AT_ONCE),
        ("valve#0", 2),
        ("pump#0", 1),
    ]


def test_items_are_known_by_their_querys_words_and_the_first_of_two_counts() -> None:
    found, malformed = WISH.read(
        answered(
            item(OPENS.text.upper()),
            item(OPENS.text, "another"),
            item("what nobody asked"),
            {"query": TESTED.text},
            7,
        )
    )
    assert found == {OPENS.id: NearMiss(query=OPENS.text.upper(), passage=MISS, changed="the pressure")}
    assert malformed == 3


def test_the_whole_items_of_an_answer_that_was_cut_off_are_kept() -> None:
    found, _ = WISH.read(answered(item(OPENS.text), item(TESTED.text), truncated=True, cut=-40))
    assert list(found) == [OPENS.id]


def test_no_near_miss_at_all_is_an_answer_and_rubbish_is_none() -> None:
    assert WISH.read(answered()) == ({}, 0)
    with pytest.raises(UnusableAnswerError, match="no item has the exact words"):
        WISH.read(answered({"query": "x", "passage": "y"}))


SENTENCES = TEXT.split(". ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MISS, ""),
        ("", "empty"),
        (" …\n—", "empty"),
        ("The relief valve opens later.", "length"),
        (f"{MISS} {MISS} {MISS}", "length"),
        (TEXT, "copy"),
        (TEXT.replace("three bar", "six bar"), "copy"),
        (TEXT.upper().replace(",", ";"), "copy"),
        (f"{SENTENCES[1]} Nothing is known of when it opens, or why it does so at all on some days.", "copy"),
        (
            "Das Überdruckventil des Kessels wird jedes Frühjahr von der Mannschaft des Ostwerks geprüft: Sie hebt "
            "den Hebel zweimal an, wartet, bis kein Dampf mehr zu hören ist, und trägt alles in das Buch der Station "
            "ein, das neben dem Kessel liegt.",
            "language",
        ),
    ],
)
def test_what_is_no_near_miss_whatever_it_says(text: str, reason: str) -> None:
    assert fault(text, CHUNK) == reason


def test_each_query_is_drawn_whatever_the_others_are() -> None:
    queries = [written(f"question {number}?", "valve#0") for number in range(400)]
    half = drawn(queries, {"valve#0"}, 0.5, 13)
    assert 160 < len(half) < 240
    assert drawn(queries[100:], {"valve#0"}, 0.5, 13) == [query for query in half if query in queries[100:]]
    assert {one.id for one in drawn(queries, {"valve#0"}, 0.2, 13)} < {one.id for one in half}
    assert drawn(queries, {"valve#0"}, 0.5, 14) != half
    assert drawn(queries, {"valve#0"}, 1.0, 13) == queries


def test_only_what_one_chunk_answers_alone_is_drawn() -> None:
    both = written("when do the two rest?", "valve#0", "pump#0")
    elsewhere = replace(OPENS, positives=["pump#0"])
    assert drawn([both, elsewhere, OPENS], {"valve#0", "pump#0"}, 1.0, 13) == [OPENS]
    assert drawn([OPENS], {"pump#0"}, 1.0, 13) == [], "its chunk is never sent"


def test_a_file_of_ones_own_takes_the_place_of_the_instructions(tmp_path) -> None:
    (tmp_path / "negatives.md").write_text("Write what nearly fits.")
    texts = load_style_texts(tmp_path)
    assert (texts.negatives, "negatives" in texts.styles) == ("Write what nearly fits.", False)
    (tmp_path / "negatives.md").write_text("")
    with pytest.raises(UsageError, match="is empty"):
        load_style_texts(tmp_path)
