"""What is copied out of a chunk to stand for a query."""

import random

import pytest
from builders import a_chunk

from idiolect.teachers import snippets

MANUAL = (
    "The intake pump draws raw water from the river. Inspect it every two weeks. "
    "If the crew notices a rattling noise, the usual reason is cavitation at the inlet.\n\n"
    "| part | weeks |\n|---|---|\n| bearing | 2 |\n\n```\npump --start --force\n```\n"
)
CODE = '''import time

class Pump:
    """Moves water from the river to the works.

    Starts and stops by itself.
    """

    def start(self, bar):
        r"""Start at `bar`. Returns nothing.

        :param bar: the pressure
        """
        self.bar = bar
'''
CHINESE = (
    "取水泵从河里抽取原水并送到沉淀池。工作人员每两周检查一次轴承和密封件的磨损情况。"
    "如果听到异常的响声，请立即停机并通知值班工程师。"
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("See [the manual](https://x.org/a_b) now", "See the manual now"),
        ("An ![old pump](pump.png) here", "An old pump here"),
        ("**Never** run `pump --start` _dry_", "Never run pump --start dry"),
        ("The snake_case name stays", "The snake_case name stays"),
        ("Call :func:`time.sleep` or :py:class:`the clock <Clock>`", "Call time.sleep or the clock"),
        ("- one\n- two\n3. three", "one two three"),
        ("## Heading {{< new >}} <br/> <!-- no -->end", "Heading end"),
        ("  over\n   lines\t", "over lines"),
    ],
)
def test_plain_text_is_what_a_reader_sees(markup, text):
    assert snippets.plain(markup) == text


def test_words_are_counted_and_in_chinese_pairs_of_characters():
    assert snippets.word_count("The pump, the v2 pump.") == 5
    assert snippets.word_count("取水泵停止") == 4


def test_sentences_are_verbatim_prose_of_a_fair_length():
    found = snippets.sentences(a_chunk("pump#0", MANUAL), "en")
    assert found == [
        "The intake pump draws raw water from the river.",
        "If the crew notices a rattling noise, the usual reason is cavitation at the inlet.",
    ]
    assert all(sentence in MANUAL for sentence in found)


def test_chinese_sentences_are_found():
    found = snippets.sentences(a_chunk("泵#0", CHINESE), "zh")
    assert len(found) == 3
    assert all(sentence in CHINESE and sentence.endswith("。") for sentence in found)


@pytest.mark.parametrize(
    "text", ["x = f(1) + g[2] * {3: 4}", "| a | b |\n| c | d |", "one\n\ntwo", "```\nls\n```"]
)
def test_code_and_tables_are_no_prose(text):
    assert not snippets.is_prose(text)


@pytest.mark.parametrize("seed", range(8))
def test_a_window_is_a_stretch_of_6_to_20_words_that_leaves_as_much_again(seed):
    window = snippets.window(MANUAL, random.Random(seed))
    assert window in MANUAL
    assert 6 <= len(window.split()) <= 20
    assert window == window.strip()
    short = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    assert 6 <= len(snippets.window(short, random.Random(seed)).split()) <= 7


def test_a_text_too_short_for_a_window_has_none():
    assert snippets.window("one two three four five six seven", random.Random(1)) == ""
    assert snippets.window("", random.Random(1)) == ""


@pytest.mark.parametrize("seed", range(8))
def test_a_chinese_window_counts_characters(seed):
    window = snippets.window(CHINESE, random.Random(seed))
    assert window in CHINESE
    assert 12 <= len(window) <= 40


def test_a_docstring_is_its_first_sentence_and_is_cut_whole():
    text, cut = snippets.docstring(a_chunk("pump.py#0", CODE))
    assert text == "Moves water from the river to the works."
    assert cut.startswith('"""Moves') and cut.endswith('itself.\n    """')
    assert cut in CODE


def test_a_raw_docstring_of_a_function_ends_at_its_first_sentence():
    text, cut = snippets.docstring(a_chunk("pump.py#1", CODE[CODE.index("    def start") :]))
    assert text == "Start at bar."
    assert cut.startswith('r"""Start') and cut.endswith('"""')


@pytest.mark.parametrize(
    "text", ['query = """SELECT name FROM pumps"""', "No code at all.", "def f():\n    return 1\n"]
)
def test_a_string_that_documents_nothing_is_no_docstring(text):
    assert snippets.docstring(a_chunk("a#0", text)) == ("", "")


@pytest.mark.parametrize(
    ("sentence", "definiens"),
    [
        (
            "A sand filter is a bed of sand that holds back floating particles.",
            "a bed of sand that holds back floating particles",
        ),
        ("Head loss refers to the pressure that friction eats up.", "the pressure that friction eats up"),
        ("**Ozone** is a gas that `breaks` down taste.", "a gas that breaks down taste"),
        (
            "Ein Sandfilter ist ein Becken, das treibende Teilchen zurückhält.",
            "ein Becken, das treibende Teilchen zurückhält",
        ),
        ("Un filtre est un bassin qui retient les particules.", "un bassin qui retient les particules"),
        ("The pump is running.", ""),
        ("Inspect the pump, which is a heavy one, every week.", ""),
        ("It is a pump.", ""),
    ],
)
def test_a_definition_says_what_without_naming_it(sentence, definiens):
    assert snippets.definition(sentence) == definiens


def test_headings_are_the_path_and_those_in_the_text():
    chunk = a_chunk(
        "pump#0", "## Replacing the bearing\nText.\n### When it rattles {#rattle}\nMore.", headings=["Care"]
    )
    assert snippets.headings(chunk) == ["Care", "Replacing the bearing", "When it rattles"]


CORPUS = [
    a_chunk(
        "a#0",
        "The bearing and the seal of the intake pump wear, and the bearing rattles near the inlet screen.",
    ),
    a_chunk("b#0", "The membrane of the vessel wears, and the pump cycles."),
    a_chunk("c#0", "The crew writes into the station book and the pump runs."),
]


@pytest.mark.parametrize("seed", range(6))
def test_key_terms_are_3_to_8_words_that_set_the_chunk_apart_in_text_order(seed):
    frequencies = snippets.document_frequencies(CORPUS)
    terms = list(snippets.key_terms(CORPUS[0], frequencies, len(CORPUS), random.Random(seed)))
    assert 3 <= len(terms) <= 8
    assert len(set(terms)) == len(terms)
    assert not {"the", "The", "and", "pump"} & set(terms), "words of every chunk say nothing"
    positions = [CORPUS[0].text.index(term) for term in terms]
    assert positions == sorted(positions)


def test_a_word_that_opens_a_sentence_keeps_its_place_among_the_key_terms():
    chunk = a_chunk("a#0", "Bearing grease melts. A bearing seizes.")
    frequencies = {"bearing": 1, "grease": 1, "melts": 1, "seizes": 1}
    for seed in range(20):
        terms = [t.lower() for t in snippets.key_terms(chunk, frequencies, 9, random.Random(seed))]
        assert terms == sorted(terms, key=chunk.text.lower().index)


def test_a_chunk_without_words_of_its_own_has_no_key_terms():
    alike = [a_chunk(f"{name}#0", "The pump stops when full.") for name in "abc"]
    frequencies = snippets.document_frequencies(alike)
    assert list(snippets.key_terms(alike[0], frequencies, 3, random.Random(1))) == []


def test_chinese_key_terms_are_terms_not_clauses():
    chunks = [a_chunk("泵#0", CHINESE), a_chunk("阀#0", "阀门在三巴时打开，在两巴时关闭。工作人员记录压力。")]
    frequencies = snippets.document_frequencies(chunks)
    terms = snippets.key_terms(chunks[0], frequencies, len(chunks), random.Random(3))
    assert terms
    assert max(map(len, terms)) <= 6, terms
