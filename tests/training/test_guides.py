"""Guides: which passages of a batch are no negatives of a query, by whose scores."""

import numpy as np
import pytest

from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion, Passage
from idiolect.training import guides
from idiolect.training.guides import FusedGuide, Guide, RatedGuide
from idiolect.training.hybrid import Hybrid

TEXTS = {
    "pump": "the pump draws raw water from the river",
    "valve": "a valve opens at three bar",
    "tank": "the tank keeps water for the night",
    "filter": "sand holds back what floats",
    "tower": "the tower is tall",
}
NAMES = list(TEXTS)


def unit(degrees):
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


VECTORS = {"pump": unit(20), "valve": unit(80), "tank": unit(5), "filter": unit(25), "tower": unit(60)}
FACTS = {
    "queries": {"q1": unit(0), "q3": unit(50)},
    "passages": VECTORS,
    "related": {"q1": frozenset({"pump", "tower"})},
    "margin": 0.95,
}


def hidden(mask):
    return {name for name, one in zip(NAMES, mask, strict=True) if one}


def test_the_base_hides_what_is_near_or_known_but_neither_the_positive_nor_what_was_mined():
    guide = Guide(**FACTS)
    assert hidden(guide.masked("q1", ["pump", "valve"], NAMES)) == {"tank", "filter", "tower"}
    assert hidden(guide.masked("q1", ["pump", "filter"], NAMES)) == {"tank", "tower"}
    assert hidden(guide.masked("q3", ["valve"], NAMES)) == {"pump", "filter", "tower"}


def fused_guide(weight=0.5):
    corpus = Corpus(
        [Passage(id=name, text=text) for name, text in TEXTS.items()],
        np.stack(list(VECTORS.values())),
        Fusion(weight=weight),
    )
    queries = {"q1": "raw water from a river", "q3": "what is tall?"}
    return FusedGuide(**FACTS, hybrid=Hybrid(corpus, queries, FACTS["queries"], (2,))), corpus


def test_the_fused_ranking_hides_by_its_own_scores():
    guide, corpus = fused_guide(weight=1.0)
    scores = dict(zip(NAMES, corpus.fused("raw water from a river", unit(0)), strict=True))
    assert scores["pump"] > scores["tank"] > scores["filter"], "it knows the words"
    assert hidden(guide.masked("q1", ["pump"], NAMES)) == {"tower"}, (
        "which is known; tank is below the margin"
    )
    assert "pump" in hidden(guide.masked("q1", ["tank"], NAMES))


class Stub:
    """A rater with its opinions written down; it remembers what it was asked."""

    name, depth = "stub", 3

    def __init__(self, **ratings):
        self.ratings, self.asked = ratings, []

    def rate(self, pairs, progress):
        self.asked += [pair.passage.id for pair in pairs]
        assert all(pair.passage.text == TEXTS[pair.passage.id] for pair in pairs)
        return np.array([self.ratings.get(pair.passage.id, -5.0) for pair in pairs], np.float32)


def rated_guide(rater):
    return RatedGuide(**FACTS, rater=rater, query_texts={"q1": "where from?"}, passage_texts=TEXTS)


def test_a_rater_hides_mined_negatives_as_well():
    guide = rated_guide(Stub(pump=4.0, filter=3.9, tank=1.0))
    mask = guide.masked("q1", ["pump", "filter"], NAMES)
    assert hidden(mask) == {"filter", "tower"}, "tower is known; the base would hide tank"


def test_a_positive_below_zero_has_its_margin_below_it():
    guide = rated_guide(Stub(pump=-4.0, filter=-4.1, tank=-4.3))
    assert hidden(guide.masked("q1", ["pump"], NAMES)) == {"filter", "tower"}


def test_a_rater_is_asked_about_the_nearest_and_the_positive_alone(monkeypatch):
    monkeypatch.setattr(guides, "_NEAREST", 2)
    rater = Stub(valve=1.0, tank=0.5, pump=0.2)
    mask = rated_guide(rater).masked("q1", ["valve"], NAMES)
    assert sorted(rater.asked) == ["pump", "tank", "valve"]
    assert hidden(mask) == {"pump", "tower"}, "which are known; nothing else reaches the positive"


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
def test_fused_scores_are_those_of_mining(weight):
    guide, corpus = fused_guide(weight)
    for query, text in guide.hybrid.texts.items():
        expected = corpus.fused(text, FACTS["queries"][query])
        found = guide.hybrid.fused(query, NAMES)
        assert np.allclose(found, expected, atol=1e-5)
        assert np.allclose(guide.hybrid.fused(query, ["tank", "pump"]), found[[2, 0]])
