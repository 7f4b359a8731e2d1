"""Which queries are turned away before anybody is asked: copies of their chunk, and what was asked already."""

import pytest
from builders import a_chunk, written

from idiolect.teachers.filters import Filters, plain
from idiolect.teachers.near_copies import NearCopies
from idiolect.teachers.near_duplicates import NearDuplicates
from idiolect.teachers.scripts import amount

ENGLISH = "After the second stage the feed water passes a carbon filter, which takes out what chlorine is left in it."
GERMAN = (
    "Nach der zweiten Stufe läuft das Speisewasser durch einen Kohlefilter, der das restliche Chlor entfernt."
)
CHINESE = "经过第二级处理之后,给水流过一个活性炭过滤器,它可以除去水中残留的氯和有机物质。"
ARABIC = "بعد المرحلة الثانية يمر ماء التغذية عبر مرشح من الكربون يزيل ما تبقى من الكلور في الماء."


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (
            ENGLISH,
            "after the second stage, the FEED WATER passes a carbon filter which takes out what is left",
        ),
        (
            GERMAN,
            "Nach der zweiten Stufe läuft das Speisewasser durch einen Filter, der restliches Chlor entfernt",
        ),
        (CHINESE, "经过第二级处理之后，给水流过一个活性炭过滤器，除去什么？"),
        (ARABIC, "بعد المرحلة الثانية يمر ماء التغذية عبر مرشح من الكربون لماذا؟"),
    ],
    ids=["en", "de", "zh", "ar"],
)
def test_a_near_copy_of_the_chunk_is_turned_away(text: str, query: str) -> None:
    assert "near-copy" in (NearCopies().reason(query, a_chunk("a#0", text)) or "")
    assert NearCopies().reason(text, a_chunk("a#0", text)) == "a copy of the chunk's own words"


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (ENGLISH, "what removes chlorine from the feed water?"),
        (ENGLISH, "carbon filter which takes out what chlorine"),  # short: seven words of its own
        (
            GERMAN,
            "Womit wird Chlor aus dem Speisewasser geholt, nachdem es die zweite Stufe durchlaufen hat?",
        ),
        (CHINESE, "用什么东西把残余的氯从给水里面去掉?"),
        (ARABIC, "كيف يزال الكلور المتبقي من ماء الغلاية؟"),
    ],
    ids=["en", "short", "de", "zh", "ar"],
)
def test_a_query_in_its_own_words_is_no_copy(text: str, query: str) -> None:
    assert NearCopies().reason(query, a_chunk("a#0", text)) is None


def test_the_next_chunk_is_not_compared_with_the_last() -> None:
    copies = NearCopies()
    assert copies.reason(ENGLISH, a_chunk("a#0", ENGLISH))
    assert copies.reason(ENGLISH, a_chunk("b#0", GERMAN)) is None


SAME = [
    ("What is the boiling point of water?", "What's the boiling point of water"),
    ("Which tumours does the inhibitor shrink?", "which tumour do inhibitors shrink"),
    ("cleaning interval of pump filters", "pump filter cleaning intervals"),
    ("Wie hoch ist der Siedepunkt von Wasser?", "Wie hoch ist des Wassers Siedepunkt?"),
    ("Quel est le point d'ébullition de l'eau ?", "quel est, de l'eau, le point d'ébullition"),
    ("水的沸点是什么？", "什么是水的沸点"),
    ("ما هي درجة غليان الماء؟", "درجة غليان الماء، ما هي"),
]
DIFFERENT = [
    ("What is the boiling point of water?", "What is the melting point of water?"),
    ("what does error code 401 mean", "what does error code 403 mean"),
    (
        "Does the drug slow growth in liver cells of old mice?",
        "Does the drug slow growth in kidney cells of old mice?",
    ),
    ("is it safe before surgery", "is it safe after surgery"),
    ("phosphorus content of soil", "phosphate content of soil"),
    ("Wann darf man mit Helm fahren?", "Wann darf man ohne Helm fahren?"),
    ("水的沸点是什么？", "水的熔点是什么？"),
    ("ما هي درجة غليان الماء؟", "ما هي درجة تجمد الماء؟"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_question_in_almost_the_same_words_repeats(one: str, other: str) -> None:
    near = NearDuplicates()
    near.keep(one, "question", "a#0", "q1")
    assert near.find(other, "question", "b#0") == "q1"


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_one_word_that_matters_makes_another_question(one: str, other: str) -> None:
    near = NearDuplicates()
    near.keep(one, "question", "a#0", "q1")
    assert near.find(other, "question", "b#0") is None


def test_a_question_and_its_keywords_are_both_wanted_of_one_chunk_only() -> None:
    near = NearDuplicates()
    near.keep("What is the boiling point of water?", "question", "a#0", "q1")
    assert near.find("boiling point water", "keywords", "a#0") is None
    assert near.find("boiling point water", "keywords", "b#0") == "q1"


def test_every_rejection_is_counted_and_says_why() -> None:
    filters = Filters(min_quality=6)
    chunk = a_chunk("a#0", ENGLISH)

    def reason(text: str, source: str = "a#0", quality: float = 9) -> str | None:
        query = written(text, source)
        query.scores["quality"] = quality
        return filters.reason(query, chunk)

    first = written("What takes out the chlorine?", "a#0")
    assert reason(first.text) is None
    assert reason("vague?", quality=5) == "quality 5 below 6"
    assert reason("what takes out the CHLORINE", "b#0") == f"a duplicate of {first.id}"
    assert reason("Which chlorine is it that it takes out?", "b#0") == f"a near-duplicate of {first.id}"
    assert reason(ENGLISH, "b#0") == "a copy of the chunk's own words"
    assert filters.counts == {"low quality": 1, "duplicate": 1, "near-duplicate": 1, "copy": 1}


def test_a_copy_of_any_of_several_chunks_counts() -> None:
    query = written(GERMAN, "a#0", "b#0")
    query.scores["quality"] = 9
    assert Filters(6).reason(query, a_chunk("a#0", ENGLISH), a_chunk("b#0", GERMAN))


def test_words_are_made_comparable_and_counted_in_every_script() -> None:
    assert plain("Größe — der „ÄPFEL“!") == "grösse der äpfel"
    assert amount(["die", "größe"]) == 2
    assert amount(["机器", "器按", "按重"]) == 1.5
