"""What is asked after the first third: which requests, how many queries, styles and parts, by a change's weights."""

from collections import Counter

import pytest
from builders import written
from leaning import even_folder, folder, word

from idiolect.config import Generate
from idiolect.teachers.base import Generated
from idiolect.teachers.correction import (
    Division,
    divide,
    found,
    queries_by_style,
    replan,
    request_weight,
)
from idiolect.teachers.plan import PARTS, Ask, Draw, plan
from idiolect.teachers.reporting.change import Change
from idiolect.teachers.reporting.lead_bias import document_lengths

STYLES = ["question", "claim", "keywords", "inference"]


def settings(**keys):
    return Generate(teacher="llm", model="tiny", **keys)


def divided(chunks, **keys) -> tuple[list[Ask], Division]:
    asks = plan(chunks, settings(**keys), 13, STYLES)
    return asks, divide(asks, settings(**keys), 13)


def replanned(chunks, change, **keys) -> tuple[Division, list[Ask]]:
    division = divided(chunks, **keys)[1]
    assert division.first
    draw = Draw(13, {style: change.styles.get(style, 1.0) for style in STYLES}, ())
    return division, replan(division, change, chunks, draw, 4)


def shares(counts: Counter[str]) -> dict[str, float]:
    return {name: count / counts.total() for name, count in counts.items()}


def test_the_first_part_is_a_third_of_every_document():
    asks, division = divided(even_folder(60, each=6))
    assert sorted(map(id, [*division.first, *division.rest])) == sorted(map(id, asks))
    assert set(Counter(ask.chunks[0].document_id for ask in division.first).values()) == {2}
    places = Counter(int(ask.id.partition("#")[2]) for ask in division.first)
    assert all(10 <= places[part] <= 30 for part in range(6)), "beginnings no more than endings"
    assert not division.partial


def test_the_first_part_is_drawn_from_what_is_likely_to_be_asked():
    asks, division = divided(even_folder(400, each=2), max_queries=1_000)
    assert {ask.id for ask in division.first} < {ask.id for ask in asks[:249]}
    assert division.partial
    called = divided(even_folder(400, each=2), max_calls=150)[1]
    assert {ask.id for ask in called.first} < {ask.id for ask in asks[:150]} and called.partial


def test_a_further_document_moves_no_other_request_to_the_other_part():
    before = {ask.id for ask in divided(even_folder(80))[1].first}
    after = {ask.id for ask in divided(even_folder(90))[1].first}
    assert {name for name in after if int(name[1:].partition("#")[0]) < 80} == before


@pytest.mark.parametrize(
    ("documents", "keys"), [(20, {}), (80, {"correct": False}), (80, {"max_calls": 0}), (0, {})]
)
def test_small_plans_and_those_that_are_not_to_be_corrected_stay_whole(documents, keys):
    asks, division = divided(even_folder(documents), **keys)
    assert (division.first, division.rest) == ([], asks)


def test_styles_are_asked_for_by_their_weights_within_a_request_too():
    change = Change(styles={"question": 0.5, "claim": 2.0, "keywords": 1.0, "inference": 1.0})
    division, rest = replanned(even_folder(120), change)
    assert shares(queries_by_style(division.rest)) == dict.fromkeys(STYLES, 0.25)
    asked = shares(queries_by_style(rest))
    planned = {"question": 1 / 9, "claim": 4 / 9, "keywords": 2 / 9, "inference": 2 / 9}
    assert asked == pytest.approx(planned, abs=0.1)
    assert [ask.id for ask in rest] == [ask.id for ask in division.rest]
    assert [ask.count for ask in rest] == [ask.count for ask in division.rest]


def test_less_is_asked_of_the_document_that_dominates():
    chunks = folder({"large": 60} | {f"d{n}": 3 for n in range(40)})
    change = Change(documents={"large": 0.5}, others=2.0)
    division, rest = replanned(chunks, change)
    before, after = (
        Counter(ask.chunks[0].document_id for ask in asks for _ in range(ask.count))
        for asks in (division.rest, rest)
    )
    assert after["large"] == pytest.approx(before["large"] / 2, abs=1)
    assert all(after[f"d{n}"] == 2 * before[f"d{n}"] for n in range(40))
    assert all(len(ask.styles) == ask.count for ask in rest)
    only = replanned(chunks, Change(documents={"large": 0.5}))[1]
    others = [ask for ask in division.rest if ask.chunks[0].document_id != "large"]
    assert [ask for ask in only if ask.chunks[0].document_id != "large"] == others, (
        "nothing else is asked anew"
    )


def positions(asks: list[Ask]) -> Counter[str]:
    return Counter(ask.id[-1] for ask in asks for _ in range(ask.count))


def test_of_a_plan_that_is_not_asked_whole_the_neglected_come_earlier():
    chunks = even_folder(200)
    change = Change(fifths=[0.5, 1.0, 2.0, 2.0, 2.0])
    division, rest = replanned(chunks, change, max_queries=1_200)
    assert sorted(rest, key=lambda ask: ask.id) == sorted(division.rest, key=lambda ask: ask.id)
    assert positions(rest[:200])["0"] < 0.8 * positions(division.rest[:200])["0"]
    whole = positions(replanned(chunks, change)[1])
    assert whole["0"] < 0.6 * whole["1"] < whole["2"], "else fewer are asked of each"


def test_where_the_plan_itself_leans_chunks_are_drawn_from_all_places_alike():
    change = Change(fifths=[1.0] * 5, evenly=True)
    division, rest = replanned(even_folder(200), change, max_queries=800)
    assert sorted(rest, key=lambda ask: ask.id) == sorted(division.rest, key=lambda ask: ask.id)
    assert positions(division.rest[:100]).keys() == {"0"}
    assert all(0.25 < part < 0.4 for part in shares(positions(rest[:100])).values())
    in_turn = [ask.chunks[0].document_id for ask in rest if ask.id.endswith("#2")]
    assert len(set(in_turn[:100])) == 100


def test_a_chunk_that_is_its_whole_document_has_no_place_in_it():
    (chunk,) = folder({"d": 1})
    change = Change(fifths=[0.5, 2.0, 2.0, 2.0, 2.0])
    ask = Ask(id=chunk.id, chunks=(chunk,), count=4, styles=())
    assert request_weight(ask, change, document_lengths([chunk])) == pytest.approx(1)


def test_parts_come_in_turn_and_nothing_else_changes():
    division, rest = replanned(even_folder(80, each=6), Change(parts=True))
    used = Counter(part for ask in rest for part in ask.parts)
    assert used.keys() == set(PARTS) and max(used.values()) - min(used.values()) <= 80
    assert all(len(ask.parts) == ask.count for ask in rest)
    assert [(ask.id, ask.styles) for ask in rest] == [(ask.id, ask.styles) for ask in division.rest]


def test_several_passages_have_no_parts():
    chunks = folder({f"d{n}": 2 for n in range(2)})
    ask = Ask(id="both", chunks=(chunks[0], chunks[2]), count=2, styles=("claim", "question"))
    draw = Draw(13, {"claim": 1.0}, ())
    assert replan(Division([], [ask]), Change(parts=True), chunks, draw, 4) == [ask]


def test_one_failed_call_more_or_less_changes_no_weight():
    chunks = folder({"large": 60} | {f"d{n}": 3 for n in range(80)})
    first = divided(chunks)[1].first

    def queries(asks):
        for ask in asks:
            for n, style in enumerate(ask.styles):
                if ask.chunks[0].document_id == "large" or (style != "claim" and n % 2):
                    yield written(f"what of {word(ask.id, n)}", ask.id, style=style)

    whole = found(first, Generated(list(queries(first)), [], {}), chunks)
    assert whole and whole.change.documents == {"large": 0.5} and whole.change.styles["claim"] == 2
    for lost in range(0, len(first), 7):
        less = found(first, Generated(list(queries([*first[:lost], *first[lost + 1 :]])), [], {}), chunks)
        weights = [(done.change.styles, done.change.documents, done.change.others) for done in (whole, less)]
        assert weights[0] == weights[1]
    few = found(first, Generated(list(queries(first))[:99], [], {}), chunks)
    assert few is None, "too few queries to tell"
