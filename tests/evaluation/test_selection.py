"""Which share of the change is kept: by dev alone, by people's queries where there are 20, never at one side's cost."""

import numpy as np
import pytest

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.labels import FEWEST_STEERING
from idiolect.evaluation.selection import DevJudge, Measured
from idiolect.records import Fusion, Passage

TEXTS = {"a": "the pump stops", "b": "the valve opens", "c": "the tank is full"}


class Letters:
    """Encodes a text as its counts of letters; counts how many texts it was given."""

    def __init__(self):
        self.encoded = 0

    def encode(self, texts, kind):
        self.encoded += len(texts)
        counts = np.array([[text.count(chr(97 + i)) for i in range(26)] for text in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def dev_set(name):
    return Dataset(
        name=name,
        split="dev",
        corpus={key: Passage(id=key, text=text) for key, text in TEXTS.items()},
        queries={"q1": "pump stops", "q2": "is full tank", "q3": "opens valve"},
        qrels={"q1": {"a": 1}, "q2": {"c": 1}, "q3": {"a": 1}},
        slices={"q1": "claim", "q2": "claim", "q3": "question"},
    )


def labelled(count):
    """So many queries that people asked, judged by document: "c" is a part of document "b"."""
    return Dataset(
        name="labelled",
        split="dev",
        corpus=dev_set("x").corpus,
        queries={f"l{number}": "is the tank full" for number in range(count)},
        qrels={f"l{number}": {"B": 1} for number in range(count)},
        clusters={f"l{number}": f"d{number}" for number in range(count)},
        owners={"a": "A", "b": "B", "c": "B"},
    )


def test_scores_are_averaged_over_styles_and_shared_passages_are_encoded_once():
    judge = DevJudge(
        {"queries": dev_set("queries"), "masked": dev_set("masked")}, Fusion(weight=0.0), "embedding"
    )
    encoder = Letters()
    scores = judge.measure(encoder).scores
    assert encoder.encoded == len(TEXTS) + 2 * 3
    # both claims are answered at rank 1; the question's passage is not first
    assert 0.5 < scores["queries/dense"] < 1.0
    assert scores["queries/dense"] == scores["masked/dense"] == judge.score(encoder)


def curve(dense, hybrid, masked_hybrid):
    return {
        share: Measured(
            {"queries/dense": d, "queries/hybrid": h, "masked/dense": d, "masked/hybrid": m}, values={}
        )
        for share, d, h, m in zip((0.0, 0.5, 1.0), dense, hybrid, masked_hybrid, strict=True)
    }


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (curve((0.60, 0.62, 0.64), (0.7, 0.7, 0.7), (0.7, 0.7, 0.7)), 1.0),
        (curve((0.60, 0.62, 0.64), (0.7, 0.7, 0.69), (0.7, 0.7, 0.7)), 0.5),
        (curve((0.60, 0.62, 0.64), (0.7, 0.7, 0.7), (0.7, 0.69, 0.69)), 0.0),
        (curve((0.60, 0.60, 0.60), (0.7, 0.8, 0.8), (0.7, 0.7, 0.7)), 0.0),
        (curve((0.60, 0.59, 0.58), (0.7, 0.7, 0.7), (0.7, 0.7, 0.7)), 0.0),
    ],
    ids=["gain", "hybrid-falls", "masked-hybrid-falls", "no-dense-gain", "dense-falls"],
)
def test_the_best_share_that_lowers_nothing_else_is_kept(figures, expected):
    judge = DevJudge({"queries": dev_set("queries"), "masked": dev_set("masked")}, Fusion(), "embedding")
    assert judge.choose(figures) == expected


def measured_shares(noise, **means):
    """Shares .25 to 1 over 40 documents whose scores differ from the base's by a mean and by noise."""
    generator = np.random.default_rng(3)
    figures = {}
    for share, mean in {"0": 0.0, **means}.items():
        drawn = generator.normal(size=40) * noise * (share != "0")
        values = {
            f"q{number}": float(value) for number, value in enumerate(0.6 + mean + drawn - drawn.mean())
        }
        scores = {f"{name}/{kind}": 0.6 for name in ("queries", "masked") for kind in ("dense", "hybrid")}
        scores["queries/dense"] = sum(values.values()) / 40
        figures[float(share)] = Measured(scores, {"queries/dense": values})
    return figures


@pytest.mark.parametrize(
    ("noise", "means", "expected"),
    [
        (0.2, {"0.25": 0.02, "0.5": 0.01, "0.75": 0.012, "1": 0.011}, 0.75),
        (0.001, {"0.25": 0.02, "0.5": 0.01, "0.75": 0.012, "1": 0.011}, 0.25),
        (0.05, {"0.25": 0.01, "0.5": 0.03, "0.75": -0.03, "1": 0.029}, 0.5),
        (0.2, {"0.25": -0.001, "0.5": -0.002, "0.75": -0.001, "1": -0.001}, 0.0),
    ],
    ids=["noise: the usual one", "certain: the best", "the usual one is worse", "the base is best"],
)
def test_among_shares_that_dev_cannot_tell_apart_the_usual_one_is_kept(noise, means, expected):
    judge = DevJudge({"queries": dev_set("queries"), "masked": dev_set("masked")}, Fusion(), "embedding")
    assert judge.choose(measured_shares(noise, **means)) == expected


def test_the_retriever_is_chosen_by_its_hybrid_and_may_not_cost_the_vectors():
    judge = DevJudge({"queries": dev_set("queries"), "masked": dev_set("masked")}, Fusion(), "retriever")
    assert judge.choose(curve((0.6, 0.6, 0.5), (0.7, 0.72, 0.75), (0.7, 0.7, 0.7))) == 0.5


SETS = {"queries": dev_set("queries"), "masked": dev_set("masked")}


def planted(count, asked, written, hybrid=None):
    """Shares 0, .5 and 1 with the dense nDCG of people's and of written queries.

    `hybrid`: people's hybrid values at share 1, query by query; all .5 elsewhere.
    """
    hybrid = hybrid or [0.5] * count
    figures = {}
    for share, people, synthetic in zip((0.0, 0.5, 1.0), asked, written, strict=True):
        values = hybrid if share == 1.0 else [0.5] * count
        scores = {f"{name}/{kind}": 0.5 for name in ("queries", "masked") for kind in ("dense", "hybrid")}
        scores |= {
            "labelled/dense": people,
            "labelled/hybrid": sum(values) / count,
            "queries/dense": synthetic,
        }
        asked_values = {f"l{number}": value for number, value in enumerate(values)}
        figures[share] = Measured(scores, {"labelled/hybrid": asked_values})
    return figures


def chosen(count, *figures, **more):
    judge = DevJudge(SETS | {"labelled": labelled(count)}, Fusion(), "embedding")
    return judge.chooses, judge.choose(planted(count, *figures, **more))


def test_twenty_queries_that_people_asked_outweigh_the_synthetic_ones():
    falling, rising = (0.60, 0.58, 0.55), (0.60, 0.62, 0.64)
    assert chosen(FEWEST_STEERING, falling, rising) == ("labelled", 0.0)
    assert chosen(FEWEST_STEERING, (0.60, 0.64, 0.62), rising) == ("labelled", 0.5)
    assert chosen(FEWEST_STEERING, rising, falling) == ("labelled", 1.0)
    assert chosen(FEWEST_STEERING - 1, falling, rising) == ("queries", 1.0)


def test_shares_that_people_find_equal_are_told_apart_by_the_written_queries():
    equal = (0.60, 0.60, 0.60)
    assert chosen(20, equal, (0.60, 0.62, 0.61)) == ("labelled", 0.5)
    assert chosen(20, equal, equal) == ("labelled", 0.0)


def test_among_few_queries_one_that_slips_is_no_fall_and_many_are():
    rising = (0.60, 0.62, 0.64)
    one_slips = [0.3, *[0.5] * 19]
    assert sum(one_slips) / 20 < 0.5 - 0.005, "a fall in a set of hundreds"
    assert chosen(20, rising, rising, hybrid=one_slips) == ("labelled", 1.0)
    assert chosen(20, rising, rising, hybrid=[0.3] * 6 + [0.5] * 14) == ("labelled", 0.5)
    assert chosen(12, rising, rising, hybrid=[0.3] * 6 + [0.5] * 6) == ("queries", 0.5)


def test_people_judge_documents_by_their_best_part_and_few_of_them_share_early_stopping():
    judge = DevJudge(SETS | {"labelled": labelled(20)}, Fusion(weight=0.0), "embedding")
    encoder = Letters()
    scores = judge.measure(encoder).scores
    assert encoder.encoded == len(TEXTS) + 2 * 3 + 20
    assert scores["labelled/dense"] == 1.0
    assert judge.score(encoder) == pytest.approx((1.0 + scores["queries/dense"]) / 2)
    alone = DevJudge({"masked": dev_set("masked"), "labelled": labelled(20)}, Fusion(), "embedding")
    assert alone.score(encoder) == 1.0
