"""Choosing on dev: how much of the weights' change is kept, and that neither side of search pays for it."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.labels import FEWEST_STEERING, NAME
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.resampling import cluster_sums, standard_error
from idiolect.evaluation.retrieval import Run, retrieve
from idiolect.evaluation.verdict import SMALLEST_GAIN
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion
from idiolect.runtimes.base import Kind, Vectors

USUAL = 0.75
"""The share that is taken where dev knows no better (`bench/shares.py`)."""

Scores = dict[str, float]
""" "SET/KIND", such as "queries/dense" → nDCG@10 averaged over the styles of query."""


@dataclass(frozen=True)
class Measured:
    """What one encoder scores on dev; `values` are behind the scores: "SET/KIND" → query → nDCG@10."""

    scores: Scores
    values: Mapping[str, Mapping[str, float]]


class Encodes(Protocol):
    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors: ...


class DevJudge:
    """Scores encoders on the dev sets.

    `labelled` (what people asked) chooses where it has FEWEST_STEERING queries, else `queries`
    (written ones, or copied ones of styles that nothing trains on) where there are any, else
    `masked`; `target` says whether its dense or its hybrid score is raised.
    """

    def __init__(
        self, dev: Mapping[str, Dataset], fusion: Fusion, target: Literal["embedding", "retriever"]
    ) -> None:
        self.dev = dev
        self.fusion = fusion
        self.chooses = "queries" if "queries" in dev else "masked"
        steering = []
        if NAME in dev and len(dev[NAME].queries) >= FEWEST_STEERING:
            steering = ["queries"] if "queries" in dev else []
            self.chooses = NAME
        kind, self.other = ("dense", "hybrid") if target == "embedding" else ("hybrid", "dense")
        self.objective = f"{self.chooses}/{kind}"
        self.next = [f"{name}/{kind}" for name in steering]

    def score(self, encoder: Encodes) -> float:
        """What early stopping looks at: the objective.

        Where that is what people asked, its mean with the written queries: from one checkpoint to
        the next, few queries move by chance or not at all.
        """
        objectives = (self.objective, *self.next)
        scores = self._measure(encoder, [objective.partition("/")[0] for objective in objectives]).scores
        return sum(scores[objective] for objective in objectives) / len(objectives)

    def measure(self, encoder: Encodes) -> Measured:
        """All dev sets, dense and hybrid."""
        return self._measure(encoder, self.dev)

    def choose(self, curve: Mapping[float, Measured]) -> float:
        """The share nearest to USUAL of those that dev cannot tell from its best one.

        `curve` maps shares to what they score, 0 (the base) among them.  Only shares that lower the
        other kind on no dev set are looked at: what raises dense can lower the hybrid, since it
        makes the two sides alike, and the reverse, and neither is bought with the other.  The best
        is the one with the highest objective; shares that people's queries find equal are told
        apart by the written ones, and of equals the smallest is the best.  Where that is the base,
        it is kept.  Else all that lie within a standard error of it, paired by query, are as good.
        """
        base = curve[0.0]
        allowed = [
            share
            for share, found in curve.items()
            if not any(self._falls(name, base, found) for name in self.dev)
        ]
        objectives = (self.objective, *self.next)
        ranked = sorted(
            allowed, key=lambda share: (*(-curve[share].scores[name] for name in objectives), share)
        )
        best = curve[ranked[0]]
        if not ranked[0]:
            return 0.0
        as_good = [share for share in ranked if share and self._within_error(curve[share], best)]
        return min(as_good, key=lambda share: abs(share - USUAL))

    def _within_error(self, found: Measured, best: Measured) -> bool:
        """Whether the objective of `found` lies within a standard error of the best one's, of which it may be one."""
        gap = best.scores[self.objective] - found.scores[self.objective]
        return found is best or gap <= (self._error(self.objective, found, best) or 0.0)

    def _error(self, key: str, a: Measured, b: Measured) -> float | None:
        """The standard error of the difference of two mean scores, None where too few queries tell it."""
        if key not in b.values:
            return None
        differences = {query: value - a.values[key][query] for query, value in b.values[key].items()}
        sums, sizes = cluster_sums(differences, self.dev[key.partition("/")[0]].clusters)
        return standard_error(sums, sizes) if len(sums) > 1 else None

    def _falls(self, name: str, base: Measured, found: Measured) -> bool:
        """Whether a dev set's other kind falls: by more than SMALLEST_GAIN and, among people's few queries,
        by more than its standard error, since there one query that slips a rank makes as much.
        """
        key = f"{name}/{self.other}"
        fall = base.scores[key] - found.scores[key]
        if fall <= SMALLEST_GAIN or name != NAME:
            return fall > SMALLEST_GAIN
        error = self._error(key, base, found)
        return fall > (math.inf if error is None else error)

    def _measure(self, encoder: Encodes, names: Collection[str]) -> Measured:
        return measured({name: self.dev[name] for name in names}, self.fusion, encoder)


def measured(
    sets: Mapping[str, Dataset], fusion: Fusion, encoder: Encodes, kinds: Sequence[str] = ("dense", "hybrid")
) -> Measured:
    """What an encoder scores on sets, by name; a passage that stands in several of them is encoded once."""
    texts = list(dict.fromkeys(text for dataset in sets.values() for text in _texts(dataset)))
    known = dict(zip(texts, encoder.encode(texts, "passage"), strict=True))
    scores: Scores = {}
    values: dict[str, Mapping[str, float]] = {}
    for name, dataset in sets.items():
        vectors = np.stack([known[text] for text in _texts(dataset)])
        corpus = Corpus(list(dataset.corpus.values()), vectors, fusion)
        queries = encoder.encode(list(dataset.queries.values()), "query")
        runs = retrieve(dataset, corpus, queries, kinds, owners=dataset.owners_of(corpus.ids))
        for kind, run in runs.items():
            scores[f"{name}/{kind}"] = round(_style_mean(run, dataset), 5)
            values[f"{name}/{kind}"] = run.metric("ndcg@10")
    return Measured(scores, values)


def _texts(dataset: Dataset) -> list[str]:
    return [passage.full_text for passage in dataset.corpus.values()]


def _style_mean(run: Run, dataset: Dataset) -> float:
    members: dict[str, list[str]] = defaultdict(list)
    for query, style in dataset.slices.items():
        members[style].append(query)
    means = [aggregate(run.values, queries)["ndcg@10"] for queries in members.values()]
    return sum(means) / len(means)
