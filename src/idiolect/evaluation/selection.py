"""Choosing on dev: how much of the weights' change is kept, and that neither side of search pays for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.retrieval import Run, retrieve
from idiolect.evaluation.verdict import SMALLEST_GAIN
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion
from idiolect.runtimes.base import Kind, Vectors

Scores = dict[str, float]
""" "SET/KIND", such as "queries/dense" → nDCG@10 averaged over the styles of query."""


class Encodes(Protocol):
    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors: ...


class DevJudge:
    """Scores encoders on the dev sets.

    `queries` (written ones, or copied ones of styles that nothing trains on) chooses where there
    are any, else `masked`; `target` says whether its dense or its hybrid score is raised.
    """

    def __init__(
        self, dev: Mapping[str, Dataset], fusion: Fusion, target: Literal["embedding", "retriever"]
    ) -> None:
        self.dev = dev
        self.fusion = fusion
        self.chooses = "queries" if "queries" in dev else "masked"
        kind, self.other = ("dense", "hybrid") if target == "embedding" else ("hybrid", "dense")
        self.objective = f"{self.chooses}/{kind}"

    def score(self, encoder: Encodes) -> float:
        """The objective alone: what early stopping looks at."""
        vectors = encoder.encode(_texts(self.dev[self.chooses]), "passage")
        return self._measure(encoder, self.chooses, vectors)[self.objective]

    def measure(self, encoder: Encodes) -> Scores:
        """All dev sets, dense and hybrid; a passage that stands in several is encoded once."""
        texts = list(dict.fromkeys(text for name in self.dev for text in _texts(self.dev[name])))
        known = dict(zip(texts, encoder.encode(texts, "passage"), strict=True))
        scores: Scores = {}
        for name, dataset in self.dev.items():
            scores |= self._measure(encoder, name, np.stack([known[text] for text in _texts(dataset)]))
        return scores

    def choose(self, curve: Mapping[float, Scores]) -> float:
        """The share with the best objective among those that lower the other kind on no dev set.

        `curve` maps shares to scores, 0 (the base) among them; a fall below SMALLEST_GAIN is
        none.  What raises dense can lower the hybrid, since it makes the two sides alike, and the
        reverse: neither is bought with the other.  Of equals the smallest share.
        """
        floors = {name: curve[0.0][f"{name}/{self.other}"] - SMALLEST_GAIN for name in self.dev}
        allowed = [
            share
            for share, scores in curve.items()
            if all(scores[f"{name}/{self.other}"] >= floor for name, floor in floors.items())
        ]
        return max(allowed, key=lambda share: (curve[share][self.objective], -share))

    def _measure(self, encoder: Encodes, name: str, vectors: Vectors) -> Scores:
        dataset = self.dev[name]
        corpus = Corpus(list(dataset.corpus.values()), vectors, self.fusion)
        queries = encoder.encode(list(dataset.queries.values()), "query")
        runs = retrieve(dataset, corpus, queries, ("dense", "hybrid"))
        return {f"{name}/{kind}": round(_style_mean(run, dataset), 5) for kind, run in runs.items()}


def _texts(dataset: Dataset) -> list[str]:
    return [passage.full_text for passage in dataset.corpus.values()]


def _style_mean(run: Run, dataset: Dataset) -> float:
    members: dict[str, list[str]] = defaultdict(list)
    for query, style in dataset.slices.items():
        members[style].append(query)
    means = [aggregate(run.values, queries)["ndcg@10"] for queries in members.values()]
    return sum(means) / len(means)
