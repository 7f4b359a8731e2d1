"""The best of a row of scores, and a corpus that ranks by either side or both."""

import numpy as np
import pytest

from idiolect.mining.fusion import fuse, standardise
from idiolect.mining.ranking import Corpus
from idiolect.mining.top import top
from idiolect.records import Fusion, Passage


@pytest.mark.parametrize("count", [1, 3, 50, 99, 100, 1000])
def test_top_is_what_a_full_sort_gives(count):
    scores = np.random.default_rng(5).normal(size=100).astype(np.float32)
    assert top(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()


@pytest.mark.parametrize("count", [1, 4, 17, 39, 40])
def test_equals_come_in_column_order_even_at_the_edge(count):
    scores = np.random.default_rng(5).integers(0, 4, size=40).astype(np.float32)
    assert top(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()


def test_nothing_can_be_best_of_nothing():
    assert top(np.zeros(0, np.float32), 5).tolist() == []


PASSAGES = [
    Passage(id="a", title="Pump", text="It stops when full."),
    Passage(id="b", text="A valve opens."),
    Passage(id="c", text="The tank and the pump."),
]
VECTORS = np.eye(3, 4, dtype=np.float32)


def corpus(weight):
    return Corpus(PASSAGES, VECTORS, Fusion(weight=weight))


def test_titles_are_searched_too():
    assert (corpus(0.5).lexical("pump") > 0).tolist() == [True, False, True]


def test_the_fused_score_is_both_sides_at_the_fusions_weight():
    vector = np.array([0.1, 0.8, 0.3, 0.5], np.float32)
    ours = corpus(0.75)
    assert ours.dense(vector) == pytest.approx([0.1, 0.8, 0.3])
    assert ours.fused("pump", vector) == pytest.approx(
        fuse(ours.dense(vector), ours.lexical("pump"), 0.75, 9)
    )
    assert corpus(0.0).fused("pump", vector) == pytest.approx(standardise(ours.dense(vector)))


def test_dense_alone_builds_no_lexical_index():
    ours = corpus(0.0)
    ours.fused("pump", VECTORS[0])
    assert "bm25" not in vars(ours)
