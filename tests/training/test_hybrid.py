"""Both sides of the fused score, standardised as search standardises them."""

import numpy as np
import pytest

from idiolect.mining.fusion import Sides, candidates
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion, Passage
from idiolect.training.hybrid import Hybrid

GENERATOR = np.random.default_rng(17)
WORDS = ["pump", "valve", "tank", "river", "bar", "filter", "sand", "night"]
NAMES = [f"c{number}" for number in range(40)]


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = unit(GENERATOR.normal(size=(40, 16)) + 0.5)
QUERIES = dict(zip(("q1", "q2"), unit(GENERATOR.normal(size=(2, 16))), strict=True))
ASKED = {"q1": "the pump and the river", "q2": "nothing that is known"}
TEXTS = [" ".join(GENERATOR.choice(WORDS, size=6)) for _ in NAMES]
PASSAGES = [Passage(id=name, text=text) for name, text in zip(NAMES, TEXTS, strict=True)]


def hybrid(weight=0.35, depth=1_000):
    corpus = Corpus(PASSAGES, VECTORS, Fusion(weight=weight, candidates=depth))
    return Hybrid(corpus, ASKED, QUERIES, (16, 8, 3)), corpus


@pytest.mark.parametrize("depth", [1_000, 6])
@pytest.mark.parametrize("query", list(ASKED))
def test_scores_are_those_of_search_for_every_candidate(query, depth):
    found, corpus = hybrid(depth=depth)
    expected = corpus.fused(ASKED[query], QUERIES[query])
    lexical = corpus.lexical(ASKED[query])
    inside = candidates(corpus.dense(QUERIES[query]), lexical, depth)
    assert (len(inside) == 40) == (depth == 1_000)
    names = [NAMES[column] for column in inside]
    assert np.allclose(found.fused(query, names), expected[inside], atol=1e-5)
    assert np.allclose(found.fused(query, names[::-1]), expected[inside][::-1], atol=1e-5)
    sides = Sides(corpus.dense(QUERIES[query]), lexical, depth)
    assert np.allclose(found.lexical(query, NAMES), 0.35 * sides.lexical, atol=1e-5)
    assert found.lexical("q1", NAMES).std() > 0.1
    assert not found.lexical("q2", NAMES).any()


@pytest.mark.parametrize("size", [16, 8, 3])
@pytest.mark.parametrize("depth", [1_000, 6])
def test_the_scale_of_a_dimension_is_that_of_the_bases_cosines_over_the_candidates(size, depth):
    found, corpus = hybrid(depth=depth)
    for query, vector in QUERIES.items():
        inside = candidates(corpus.dense(vector), corpus.lexical(ASKED[query]), depth)
        cosines = (unit(VECTORS[:, :size]) @ unit(vector[None, :size])[0])[inside]
        assert found.dense_scale(query, size) == pytest.approx((cosines.mean(), cosines.std()), abs=1e-5)


def test_a_corpus_that_says_one_thing_only_has_scores_of_zero():
    passages = [Passage(id=name, text="pump") for name in NAMES]
    corpus = Corpus(passages, np.repeat(VECTORS[:1], 40, axis=0), Fusion())
    same = Hybrid(corpus, ASKED, QUERIES, (16,))
    assert same.dense_scale("q1", 16)[1] == np.inf
    assert not same.fused("q1", NAMES).any()


def test_without_weight_bm25_adds_nothing_and_the_whole_corpus_is_the_scale():
    found, corpus = hybrid(weight=0.0, depth=6)
    assert not found.lexical("q1", NAMES).any()
    assert np.allclose(found.fused("q1", NAMES), corpus.fused(ASKED["q1"], QUERIES["q1"]), atol=1e-5)
