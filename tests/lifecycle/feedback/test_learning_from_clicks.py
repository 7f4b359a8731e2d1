"""A log of simulated people becomes weighted queries, a report of what was left out, and files that appear whole."""

import msgspec
import numpy as np
import pytest
from simulated_searches import searched

from idiolect.config import Feedback
from idiolect.errors import FeedbackError
from idiolect.files import read_json, read_jsonl
from idiolect.lifecycle.feedback.confirming import Confirmer
from idiolect.lifecycle.feedback.learning import learn, save
from idiolect.lifecycle.feedback.learnt import LearntQuery, LearntReport
from idiolect.lifecycle.feedback.negatives import Doubt, Opinion
from idiolect.mining.ranking import Corpus
from idiolect.progress import Silent
from idiolect.records import Fusion, Passage

THETA = np.array([1, 0.5, 0.35, 0.25])
GAMMA = {"a": 0.1, "b": 0.05, "c": 0.8, "d": 0.5, "e": 0.05}


def log(orders=("abcd", "cabd", "bdca"), number=900, seed=13):
    rng = np.random.default_rng(seed)
    seen = []
    for one in range(number):
        order = orders[rng.integers(len(orders))]
        looked = rng.random(4) < THETA[: len(order)] * [GAMMA[name] for name in order]
        done = [("like", int(rank) + 1) for rank in np.flatnonzero(looked)]
        query = ("Rattling pump", "rattling pump?")[one % 3 == 0] if one % 2 else f"query {one % 60}"
        seen.append(searched(one, query, order, *done, user=f"u{one % 90}"))
    return seen


def agrees(doubts):
    return [Opinion(0.1, 0.9) for _ in doubts]


def test_queries_are_joined_over_their_spellings_and_ordered_by_worth():
    learnt = learn(log(), Feedback(), agrees, 0.95, "everybody")
    report = learnt.report
    assert report.weighting == "inverse propensity" and report.refused == ""
    (pump,) = [one for one in learnt.queries if "pump" in one.text.lower()]
    assert pump.text == "Rattling pump", "as most people spell it"
    assert (pump.impressions, pump.users) == (450, 45)
    weights = {one.document: one.weight for one in pump.positives}
    assert [one.document for one in pump.positives][:2] == ["c", "d"]
    for name in "cd":
        assert weights[name] == pytest.approx(GAMMA[name], abs=0.2)
    assert report.positives == sum(len(one.positives) for one in learnt.queries)
    assert report.impressions == 900 and report.users == 90 and report.teacher == "everybody"
    assert report.first < report.last


def test_without_several_ranks_positives_weigh_the_same_and_the_report_says_why():
    learnt = learn(log(orders=("abcd",)), Feedback(), agrees, 0.95)
    assert learnt.report.propensities is None and learnt.report.weighting == "none"
    assert "stood at one rank alone" in learnt.report.refused
    assert {one.weight for query in learnt.queries for one in query.positives} == {1.0}


def test_settings_say_how_many_people_it_takes():
    few, many = (learn(log(), Feedback(support=support), agrees, 0.95).report for support in (2, 20))
    assert few.positives > many.positives > 0
    seen = [searched(n, "q", "eabc", ("like", 3), user=f"u{n}") for n in range(6)]
    names = [
        [one.document for one in learn(seen, Feedback(examinations=count), agrees, 0.95).queries[0].negatives]
        for count in (6, 7)
    ]
    assert names == [["a", "e"], []]


def test_an_empty_log_teaches_nothing():
    with pytest.raises(FeedbackError, match="no impression is left"):
        learn([], Feedback(), agrees, 0.95)


def test_what_is_saved_is_what_is_read_and_takes_the_place_of_what_was_there(tmp_path):
    learnt = learn(log(), Feedback(), agrees, 0.95)
    (tmp_path / "learnt").mkdir()
    (tmp_path / "learnt" / "old.txt").write_text("old")
    save(learnt, tmp_path / "learnt")
    assert sorted(path.name for path in (tmp_path / "learnt").iterdir()) == ["queries.jsonl", "report.json"]
    assert list(read_jsonl(tmp_path / "learnt" / "queries.jsonl", LearntQuery)) == learnt.queries
    assert msgspec.convert(read_json(tmp_path / "learnt" / "report.json"), LearntReport) == learnt.report
    assert learn(log(), Feedback(), agrees, 0.95) == learnt, "the same log teaches the same"


class Words:
    """Vectors of two dimensions: how often a text says "pump", and how often "tank"."""

    def encode(self, texts, kind):
        counts = np.array([[text.count("pump") + 1e-3, text.count("tank")] for text in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


class Rater:
    """Likes short passages; of "d#1" it says nothing."""

    name, depth = "short", 5

    def __init__(self):
        self.asked = []

    def rate(self, pairs, progress):
        self.asked += [(pair.query.text, pair.passage.id) for pair in pairs]
        return np.array(
            [np.nan if pair.passage.id == "d#1" else -len(pair.passage.text) for pair in pairs], np.float32
        )


PASSAGES = {
    "a#0": "a tank",
    "a#1": "a pump in the tank",
    "b#0": "the pump, the pump, the pump",
    "c#0": "a tank, a tank",
    "d#1": "pump",
}


def confirmer(rater=None):
    corpus = Corpus(
        [Passage(id=name, text=text) for name, text in PASSAGES.items()],
        Words().encode(PASSAGES.values(), "passage"),
        Fusion(weight=0.0),
    )
    return Confirmer(corpus, [name[0] for name in PASSAGES], Words(), Silent(), rater)


def doubt(hit, *positives):
    return Doubt("pump", "pump", hit, positives)


def test_the_fused_ranking_judges_the_chunk_shown_or_a_document_s_best():
    low, high, best, unknown, nothing = confirmer()(
        [
            doubt(("c", ""), ("b", "")),
            doubt(("b", "b#0"), ("a", "a#0")),
            doubt(("a", ""), ("b", "")),
            doubt(("z", ""), ("b", "")),
            doubt(("a", ""), ("z", "")),
        ]
    )
    assert low.score < low.positive and high.score > high.positive
    assert best.score > low.score, "a's best chunk, which says pump too, not its first"
    assert unknown is None and nothing is None
    assert confirmer()([]) == []


def test_a_rater_judges_in_its_place_and_may_know_nothing():
    rater = Rater()
    first, second = confirmer(rater)([doubt(("c", ""), ("b", "")), doubt(("d", ""), ("b", ""))])
    assert first == Opinion(-len(PASSAGES["c#0"]), -len(PASSAGES["b#0"]))
    assert np.isnan(second.score)
    assert ("pump", "b#0") in rater.asked and len(rater.asked) == 3, "each pair once"
    for answers in ((("b", ""), ("d", "")), (("d", ""), ("b", ""))):
        (unsure,) = confirmer(Rater())([doubt(("c", ""), *answers)])
        assert np.isnan(unsure.positive), "whichever of the positives it knows nothing of"
