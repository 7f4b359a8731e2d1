"""What is asked of an LLM: how much of each chunk, in which order, styles and languages."""

from collections import Counter

import pytest
from builders import a_chunk
from chat_server import make_chunks

from idiolect.config import Generate
from idiolect.teachers.order import evenly
from idiolect.teachers.plan import plan, query_counts
from idiolect.teachers.style_texts import load_style_texts

STYLES = list(load_style_texts().styles)
SHORT = "The pump stops when the tank is full."
LONG = (
    "A float switch inside the cistern watches the level. Once it rises above the mark, a relay opens and "
    "cuts the current, so that no water spills over the rim. Technicians reset the relay by pressing the "
    "green button for three seconds; a red lamp means that the thermal fuse has blown and must be replaced."
)
GERMAN = "Die Pumpe schaltet ab, sobald das Wasser im Behälter die obere Marke erreicht; ein Relais trennt den Strom."
CHINESE = "当水箱水位达到上限标记时，浮球开关会断开继电器，水泵随即停止运转，以免水从边缘溢出。"
ARABIC = "تتوقف المضخة عندما يصل منسوب المياه في الخزان إلى العلامة العليا، ويقطع المرحّل التيار الكهربائي."
TRACE = 'Traceback (most recent call last):\n  File "pump.py", line 3\nValueError: level above the mark of the tank'
CODE = (
    "Set the mark like this before the pump starts to run:\n\n```python\npump.mark = 40\npump.start()\n```\n"
)


def settings(**keys):
    return Generate(teacher="llm", model="tiny", **keys)


def planned(chunks, styles=STYLES, seed=13, weights=None, languages=None, withheld=frozenset(), **keys):
    return plan(
        chunks, settings(**keys), seed, styles, weights=weights, languages=languages, withheld=withheld
    )


def test_the_more_a_chunk_tells_the_more_is_asked_of_it():
    counts = query_counts([a_chunk("a#0", SHORT), a_chunk("b#0", LONG)], 4)
    assert 1 <= counts["a#0"] < 4 < counts["b#0"] <= 8


def test_as_much_is_asked_as_is_set_on_the_whole():
    chunks = [
        a_chunk(f"d{i}#0", " ".join(f"word{(i * 7 + j * j) % 211}x" for j in range(5 + i % 40)))
        for i in range(200)
    ]
    for per_chunk in (1, 3, 6):
        counts = query_counts(chunks, per_chunk).values()
        assert sum(counts) / len(counts) == pytest.approx(per_chunk, rel=0.2)
        assert set(counts) <= set(range(1, 2 * per_chunk + 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "See also",
        "![](pump.png)",
        "| 1 | 2 | 3 |\n| 4 | 5 | 6 |",
        "[1](https://a.example/b/c/d/e/f)",
        "目录",
    ],
)
def test_nothing_is_asked_of_chunks_without_content(text):
    asks = planned([a_chunk("a#0", LONG), a_chunk("b#0", text)])
    assert [ask.id for ask in asks] == ["a#0"]


def test_boilerplate_is_no_content():
    notice = "Copyright by the makers of pumps, who keep all rights to this text and its pictures."
    chunk = a_chunk("a#0", f"Pumps.\n\n{notice}", boilerplate=[notice])
    assert query_counts([chunk, a_chunk("b#0", LONG)], 4)["a#0"] == 0


def test_passages_of_like_content_count_alike_in_every_script():
    english = "The pump stops when the water in the tank reaches the upper mark; a relay cuts the current."
    texts = [english, GERMAN, CHINESE, ARABIC]
    counts = query_counts([a_chunk(f"d{i}#0", text) for i, text in enumerate(texts)], 6)
    assert all(4 <= count <= 9 for count in counts.values()), counts


def test_every_heading_has_its_turn_before_any_has_a_second():
    chunks = [
        a_chunk(f"{name}#{i}", f"{LONG} Number {i} of {name}.", headings=[f"Section {i // 3}"])
        for name in ("a", "b")
        for i in range(6)
    ]
    order = [chunk.id for chunk in evenly(chunks, 13)]
    assert set(order[:2]) == {"a#0", "b#0"}  # the documents' first chunks
    assert set(order[2:4]) == {"a#3", "b#3"}  # then those of further headings
    assert set(order[4:8]) == {"a#1", "b#1", "a#4", "b#4"}
    assert [ask.id for ask in planned(chunks)] == order


def test_styles_are_balanced_and_differ_within_one_request():
    asks = planned(make_chunks(300), seed=5)
    used = Counter(style for ask in asks for style in ask.styles)
    assert used.keys() == set(STYLES) - {"error", "snippet"}
    assert max(used.values()) < 1.25 * min(used.values())
    assert all(len(set(ask.styles)) == ask.count == len(ask.styles) for ask in asks)


def test_weights_shift_the_mix():
    asks = planned(make_chunks(400), styles=["question", "claim", "keywords", "typo"], per_chunk=1,
                   weights={"question": 3, "typo": 0})  # fmt: skip
    used = Counter(style for ask in asks for style in ask.styles)
    assert used["typo"] == 0
    assert used["question"] / used["claim"] == pytest.approx(3, rel=0.3)
    assert used["claim"] == pytest.approx(used["keywords"], rel=0.3)


def test_a_document_runs_through_all_styles():
    asks = planned(make_chunks(1, each=40), per_chunk=2)
    used = Counter(style for ask in asks for style in ask.styles)
    assert set(used) == set(STYLES) - {"error", "snippet"}
    assert max(used.values()) - min(used.values()) <= 4


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        (LONG, set()),
        (GERMAN, set()),
        (TRACE, {"error"}),
        ("The display shows error code E42 when the float is stuck below the lower mark.", {"error"}),
        ("2024-05-01 12:00:07 ERROR pump: float stuck, level 12 below the mark", {"error"}),
        ("Wenn die Anzeige Fehler 27 meldet, klemmt der Schwimmer unter der Marke.", {"error"}),
        ("出现错误代码时，请检查浮球开关以及继电器的接线是否松动。", {"error"}),
        ("The mean depth was 12 m with a standard error 14 and a type of error that few make.", set()),
        (CODE, {"snippet"}),
        ("def start(pump):\n    pump.mark = 40;\n    return pump.start();\n}", {"snippet"}),
    ],
)
def test_some_styles_want_texts_that_have_them(text, fitting):
    (ask,) = planned([a_chunk("a#0", text)], per_chunk=10)
    assert set(ask.styles) & {"error", "snippet"} == fitting


def test_no_more_styles_than_texts_allow():
    (ask,) = planned([a_chunk("a#0", LONG)], styles=["error"])
    assert (ask.count, ask.styles) == (4, ())


def test_the_language_is_the_documents_or_the_next_in_turn():
    chunks = [a_chunk("de#0", GERMAN), a_chunk("zh#0", CHINESE), a_chunk("xx#0", ARABIC)]
    known = {"de": "de", "zh": "zh", "xx": ""}
    assert {ask.id: ask.language for ask in planned(chunks, languages=known)} == {
        "de#0": "de", "zh#0": "zh", "xx#0": ""
    }  # fmt: skip


def test_languages_that_are_set_come_in_turn():
    asks = plan(make_chunks(1, each=8), settings(languages=("de", "fr")), 13, STYLES, languages={"d0": "en"})
    assert Counter(ask.language for ask in asks) == {"de": 4, "fr": 4}


def test_withheld_documents_are_in_no_request():
    asks = planned(make_chunks(6, each=3), withheld={"d1", "d4"}, multi_hop=0.5)
    asked = {chunk.document_id for ask in asks for chunk in ask.chunks}
    assert asked == {"d0", "d2", "d3", "d5"}


def test_a_plan_is_the_seeds_and_new_documents_hardly_change_it():
    chunks = [a_chunk(f"d{i}#0", f"{LONG} Model number pump{i} of series s{i % 9}.") for i in range(120)]
    first = planned(chunks[:100])
    assert first == planned(chunks[:100])
    assert first != planned(chunks[:100], seed=14)
    later = {ask.id: ask for ask in planned(chunks)}
    assert sum(later[ask.id] == ask for ask in first) >= 90


def test_no_chunks_no_plan():
    assert planned([]) == planned([a_chunk("a#0", "")]) == []
