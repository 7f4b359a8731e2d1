"""A paragraph of many documents is boilerplate; what only the versions of one document share is not."""

import numpy as np
import pytest
from builders import a_chunk

from idiolect.mining.boilerplate import (
    boilerplate_spans,
    is_mostly_boilerplate,
    own_stretches,
    own_text,
    recurring,
)

NOTICE, TEXT = 11, 22


def in_documents(digest, groups):
    return [digest] * len(groups), list(groups)


def found(*paragraphs, total, fewest=5):
    digests = np.concatenate([np.array(digests, np.uint64) for digests, _ in paragraphs])
    groups = np.concatenate([np.array(groups, np.int64) for _, groups in paragraphs])
    return recurring(digests, groups, total, fewest).tolist()


def test_a_paragraph_of_as_many_documents_as_asked_recurs():
    notice, text = in_documents(NOTICE, range(5)), in_documents(TEXT, range(4))
    assert found(notice, text, total=40) == [NOTICE]
    assert found(notice, text, total=40, fewest=4) == [NOTICE, TEXT]


def test_a_document_counts_once_however_often_it_repeats_itself():
    assert found(in_documents(NOTICE, [0, 0, 0, 0, 0, 0, 1]), total=40) == []


def test_versions_of_a_document_count_once():
    """Six versions of one manual are one group: number 3."""
    assert found(in_documents(TEXT, [3] * 6), in_documents(NOTICE, [3, 3, 3, 5, 6, 7, 8]), total=40) == [
        NOTICE
    ]


def test_in_a_large_corpus_five_are_too_few():
    assert found(in_documents(NOTICE, range(5)), total=500) == [NOTICE]
    assert found(in_documents(NOTICE, range(5)), total=501) == []
    assert found(in_documents(NOTICE, range(30)), total=3_000) == [NOTICE]


def test_a_corpus_without_paragraphs_has_no_boilerplate():
    assert recurring(np.zeros(0, np.uint64), np.zeros(0, np.int64), 7, 5).shape == (0,)


@pytest.mark.parametrize(
    ("start", "end", "spans"),
    [
        (0, 100, [(10, 30), (50, 60)]),
        (20, 55, [(0, 10), (30, 35)]),
        (30, 50, []),
        (12, 20, [(0, 8)]),
    ],
    ids=["around", "across", "between", "within"],
)
def test_a_chunk_has_the_part_of_the_boilerplate_that_lies_in_it(start, end, spans):
    assert boilerplate_spans(start, end, np.array([[10, 30], [50, 60]])) == spans


NOTICE_TEXT = "All rights reserved by the water works."


def test_the_rest_is_the_chunks_own():
    chunk = a_chunk(
        "a#0", f"{NOTICE_TEXT}\n\nThe pump stops.\n\n{NOTICE_TEXT} ", boilerplate=[f"{NOTICE_TEXT}\n\n"]
    )
    assert own_text(chunk) == f"The pump stops.\n\n{NOTICE_TEXT} "
    inside = a_chunk("a#0", f"The pump stops.\n{NOTICE_TEXT}\nIt starts.", boilerplate=[NOTICE_TEXT])
    assert [inside.text[start:end].strip() for start, end in own_stretches(inside)] == [
        "The pump stops.",
        "It starts.",
    ]


def test_a_chunk_without_boilerplate_is_its_own_text():
    chunk = a_chunk("a#0", "  The pump stops.\n")
    assert own_text(chunk) == chunk.text
    assert not is_mostly_boilerplate(chunk)


def test_half_of_a_chunk_is_most_of_it_and_then_it_does_not_train():
    half = a_chunk("a#0", "notice. the pump", boilerplate=["notice. "])
    assert is_mostly_boilerplate(half) and not half.trains
    less = a_chunk("a#0", "notice. the pump.", boilerplate=["notice. "])
    assert not is_mostly_boilerplate(less) and less.trains
    assert own_stretches(a_chunk("a#0", "notice.", boilerplate=["notice."])) == []
