"""Which queries are compared apart: every dimension's slices together, those that are large enough."""

import pytest

from idiolect.evaluation.slices import FEWEST_CLUSTERS, FEWEST_QUERIES, by_size, compare_slices
from idiolect.evaluation.verdict import failures

QUERIES = [f"q{n}" for n in range(60)]
BASE = dict.fromkeys(QUERIES, 0.5)
STYLES = {q: "claim" if n < 20 else "question" if n < 40 else "" for n, q in enumerate(QUERIES)}


def falling(*fallen):
    """A run that falls on the queries named and rises on the others."""
    return {query: 0.4 if query in fallen else 0.8 for query in QUERIES}


def test_a_slice_that_falls_is_found_while_the_whole_rises():
    claim, question = compare_slices(BASE, falling(*QUERIES[:20]), {}, {"style": STYLES}, 13)
    assert (claim.dimension, claim.name, claim.comparison.n, claim.fails) == ("style", "claim", 20, True)
    assert (question.name, question.comparison.n, question.fails) == ("question", 20, False)
    assert claim.p_adjusted == pytest.approx(2 * claim.comparison.p)


def test_all_dimensions_are_corrected_together():
    """A fall that stands alone among two slices is no more than chance among twelve."""
    slightly = BASE | dict.fromkeys(QUERIES[:6], 0.45)
    sources = {query: f"{n // 20}/" for n, query in enumerate(QUERIES)}
    alone = compare_slices(BASE, slightly, {}, {"source": sources}, 13)
    assert alone[0].comparison.p == 2 / 2**6
    assert [result.p_adjusted for result in alone] == [3 * 2 / 2**6, 1, 1]
    hops = {query: str(1 + n % 2) for n, query in enumerate(QUERIES)}
    more = compare_slices(BASE, slightly, {}, {"style": STYLES, "hops": hops, "source": sources}, 13)
    # the first and second source hold the claims and the questions: the same slices are not paid for twice
    assert [(result.dimension, result.name) for result in more] == [
        ("style", "claim"),
        ("style", "question"),
        ("hops", "1"),
        ("hops", "2"),
        ("source", "2/"),
    ]
    assert more[0].p_adjusted == 5 * 2 / 2**6


@pytest.mark.parametrize(
    ("queries", "documents", "large"),
    [
        (FEWEST_QUERIES, FEWEST_CLUSTERS, True),
        (FEWEST_QUERIES - 1, FEWEST_CLUSTERS, False),
        (FEWEST_QUERIES, FEWEST_CLUSTERS - 1, False),
    ],
)
def test_small_slices_are_left_out(queries, documents, large):
    clusters = {query: f"d{n % documents}" if n < queries else query for n, query in enumerate(QUERIES)}
    slices = {"language": dict.fromkeys(QUERIES[:queries], "de")}
    found = by_size(QUERIES, clusters, slices)
    assert [list(members) for members in found] == (
        [[("language", "de")], []] if large else [[], [("language", "de")]]
    )
    assert len(compare_slices(BASE, BASE, clusters, slices, 13)) == large


def test_a_slice_of_all_queries_says_nothing_new():
    assert compare_slices(BASE, BASE, {}, {"language": dict.fromkeys(QUERIES, "en")}, 13) == []


def test_a_fall_is_named_by_its_dimension():
    run = falling(*QUERIES[:20])
    for dimension, label in (
        ("style", "a queries"),
        ("hops", "a-hop queries"),
        ("language", "queries on documents in a"),
        ("source", "queries on documents of a"),
    ):
        slices = {dimension: {query: "a" if n < 20 else "b" for n, query in enumerate(QUERIES)}}
        results = compare_slices(BASE, run, {}, slices, 13)
        assert failures([], results) == f"falls on {label} (−0.100)"
