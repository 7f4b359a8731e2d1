"""Which share of the change is kept: by dev alone, and never by selling one side of search."""

import numpy as np
import pytest

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.selection import DevJudge
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


def test_scores_are_averaged_over_styles_and_shared_passages_are_encoded_once():
    judge = DevJudge(
        {"queries": dev_set("queries"), "masked": dev_set("masked")}, Fusion(weight=0.0), "embedding"
    )
    encoder = Letters()
    scores = judge.measure(encoder)
    assert encoder.encoded == len(TEXTS) + 2 * 3
    # both claims are answered at rank 1; the question's passage is not first
    assert 0.5 < scores["queries/dense"] < 1.0
    assert scores["queries/dense"] == scores["masked/dense"] == judge.score(encoder)


def curve(dense, hybrid, masked_hybrid):
    return {
        share: {"queries/dense": d, "queries/hybrid": h, "masked/dense": d, "masked/hybrid": m}
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


def test_the_retriever_is_chosen_by_its_hybrid_and_may_not_cost_the_vectors():
    judge = DevJudge({"queries": dev_set("queries"), "masked": dev_set("masked")}, Fusion(), "retriever")
    assert judge.choose(curve((0.6, 0.6, 0.5), (0.7, 0.72, 0.75), (0.7, 0.7, 0.7))) == 0.5
