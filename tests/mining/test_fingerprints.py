"""What is kept of a document: enough to see how much two texts share, and which paragraphs recur."""

import os
import subprocess
import sys

import numpy as np
import pytest
from builders import a_chunk, documents_of

from idiolect.mining.fingerprints import (
    PERMUTATIONS,
    fingerprint,
    is_substantial,
    paragraph_digest,
    shingles,
    signature,
)
from idiolect.readers.base import Block, Parsed

SENTENCE = "The intake pump draws raw water from the river in spring."
CHINESE = "取水泵从河里抽取原水并送到沉淀池。工作人员每两周检查一次轴承和密封件的磨损情况。"


def agreement(one, other):
    return float((signature(one) == signature(other)).mean())


def test_shingles_are_five_words_in_a_row():
    assert shingles("one two three four five six") == {"one two three four five", "two three four five six"}


@pytest.mark.parametrize("text", ["", "?!", "pump", "one two three four", "one two three four five"])
def test_a_text_shorter_than_a_shingle_is_one(text):
    assert len(shingles(text)) == 1


@pytest.mark.parametrize(
    "other",
    [
        "the INTAKE pump draws raw water from the river in spring",
        "The  intake\n pump — draws 'raw' water, from the river (in spring)!",
        "Ｔｈｅ intake pump draws raw water from the river in spring",
    ],
    ids=["case", "spaces and punctuation", "full-width letters"],
)
def test_how_a_text_is_set_does_not_matter(other):
    assert shingles(other) == shingles(SENTENCE)


def test_other_figures_are_another_text():
    assert shingles("Tighten the bolts of the pump to 35 Nm.") != shingles(
        "Tighten the bolts of the pump to 40 Nm."
    )


def test_chinese_has_shingles_of_characters():
    assert len(shingles(CHINESE)) > 20
    changed = CHINESE.replace("两周", "三周")
    assert 0.5 < len(shingles(CHINESE) & shingles(changed)) / len(shingles(CHINESE) | shingles(changed)) < 1


@pytest.mark.parametrize("kept", [40, 100, 160])
def test_agreement_of_signatures_estimates_the_jaccard_similarity(kept):
    words = [f"word{number}" for number in range(200)]
    one, other = " ".join(words), " ".join(words[:kept] + [f"other{n}" for n in range(200 - kept)])
    first, second = shingles(one), shingles(other)
    exact = len(first & second) / len(first | second)
    assert agreement(one, other) == pytest.approx(exact, abs=3 * (exact * (1 - exact) / PERMUTATIONS) ** 0.5)


def test_the_minimum_of_signatures_is_the_signature_of_both_texts():
    one, other = SENTENCE, CHINESE
    both = np.minimum(signature(one), signature(other))
    union = shingles(one) | shingles(other)
    estimated = float((both == signature(one)).mean())
    assert estimated == pytest.approx(len(shingles(one)) / len(union), abs=0.15)


def test_signatures_are_the_same_in_every_process():
    program = (
        "import sys; sys.stdout.reconfigure(encoding='utf-8');"
        "from idiolect.mining.fingerprints import signature, paragraph_digest;"
        f"print(signature({SENTENCE!r}).tolist(), paragraph_digest({SENTENCE!r}))"
    )
    expected = f"{signature(SENTENCE).tolist()} {paragraph_digest(SENTENCE)}"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert done.stdout.strip() == expected, done.stderr


def test_a_lone_surrogate_is_no_obstacle():
    assert signature("broken \ud800 text").shape == (PERMUTATIONS,)
    assert paragraph_digest(f"broken \ud800 text: {SENTENCE}") is not None


def test_paragraphs_that_differ_in_numbers_are_one():
    one = paragraph_digest("Page 3 of 12 — Water Works Annual Report 2021")
    assert one == paragraph_digest("page 14 of 12, water works annual report 2022")
    assert one != paragraph_digest("page 14 of 12, gas works annual report 2022")


@pytest.mark.parametrize(
    ("text", "says_something"),
    [
        ("See also", False),
        ("a b c d e f", False),
        ("Straßenbahnhaltestelle Oberammergau", False),
        ("All rights are reserved everywhere.", True),
        ("版权所有", False),
        ("版权所有，未经书面许可不得转载。", True),
        ("12 13 14 15 16 17", False),
    ],
)
def test_a_short_paragraph_says_nothing_by_being_found_twice(text, says_something):
    assert is_substantial(text) == says_something
    assert (paragraph_digest(text) is not None) == says_something


def test_a_document_is_its_chunks_signatures_and_its_paragraphs_digests():
    text = f"# The pump of the eastern water works\n\n{SENTENCE}\n\nSee also\n\n{CHINESE}"
    starts = [text.index(part) for part in ("# The", SENTENCE, "See", CHINESE)]
    ends = [text.index(part) + len(part) for part in ("water works", SENTENCE, "See also", CHINESE)]
    kinds = ("heading", "paragraph", "paragraph", "list")
    blocks = [
        Block(start=start, end=end, kind=kind) for start, end, kind in zip(starts, ends, kinds, strict=True)
    ]
    chunks = [a_chunk("pump#0", text[: starts[2]]), a_chunk("pump#1", text[starts[2] :], start=starts[2])]
    (document,) = documents_of([a_chunk("pump#0", text)])
    found = fingerprint(Parsed(document=document, blocks=blocks), chunks)
    assert np.array_equal(found.signatures, [signature(chunk.text) for chunk in chunks])
    assert found.signatures.dtype == np.uint32
    assert found.paragraphs.tolist() == [paragraph_digest(SENTENCE), paragraph_digest(CHINESE)]
    assert found.spans.tolist() == [[starts[1], ends[1]], [starts[3], ends[3]]]


def test_a_document_without_paragraphs_has_empty_arrays():
    (document,) = documents_of([a_chunk("pump#0", "Pump")])
    found = fingerprint(Parsed(document=document, blocks=[]), [a_chunk("pump#0", "Pump")])
    assert found.paragraphs.shape == (0,)
    assert found.spans.shape == (0, 2)
