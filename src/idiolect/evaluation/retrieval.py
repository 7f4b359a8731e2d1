"""Rankings of a test set: what an encoder, BM25 and their fusion find for every query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.metrics import Ranker, per_query
from idiolect.mining.fusion import fuse
from idiolect.mining.ranking import Corpus

Rankings = dict[str, list[str]]
"""Query id → document ids, best first."""

Values = dict[str, dict[str, float]]
"""Query id → metric → value."""

KINDS = ("dense", "bm25", "hybrid")


@dataclass(frozen=True)
class Run:
    """One retriever's rankings of a test set and what each query scores."""

    rankings: Rankings
    values: Values

    def metric(self, name: str) -> dict[str, float]:
        return {query: values[name] for query, values in self.values.items()}


def retrieve(
    dataset: Dataset,
    corpus: Corpus,
    queries: np.ndarray,
    kinds: Sequence[str] = KINDS,
    depth: int = 100,
    owners: Sequence[str] | None = None,
) -> dict[str, Run]:
    """Rank the whole corpus for every query: kind → Run.

    `queries` are unit vectors [queries, d] in the dataset's order; the corpus holds the
    passages' vectors and the fusion settings.  Where passages are chunks, `owners` names each
    one's document, and a document scores what its best chunk does.  A document of the query's
    own id is left out.
    """
    documents = _Documents(owners if owners is not None else corpus.ids)
    ranker = Ranker(documents.ids)
    rankings: dict[str, Rankings] = {kind: {} for kind in kinds}
    for vector, (query, text) in zip(queries, dataset.queries.items(), strict=True):
        exclude = dataset.itself(query)
        rows = _score_rows(corpus, text, vector, kinds)
        for kind, row in rows.items():
            if kind == "bm25":
                row = np.where(row > 0, row, -np.inf)  # what shares no term is no result
            rankings[kind][query] = ranker.top(documents.best(row), depth, exclude)
    return {kind: Run(found, _values(found, dataset)) for kind, found in rankings.items()}


class _Documents:
    """Passages rolled up to the documents that own them."""

    def __init__(self, owners: Sequence[str]) -> None:
        self.ids = list(dict.fromkeys(owners))
        positions = {identifier: position for position, identifier in enumerate(self.ids)}
        self.columns = np.array([positions[owner] for owner in owners])
        self.one_each = len(self.ids) == len(owners)

    def best(self, row: np.ndarray) -> np.ndarray:
        """float32 [documents]: the highest of each document's passages' scores [passages]."""
        if self.one_each:
            return row
        scores = np.full(len(self.ids), -np.inf, np.float32)
        np.maximum.at(scores, self.columns, row)
        return scores


def _score_rows(
    corpus: Corpus, text: str, vector: np.ndarray, kinds: Sequence[str]
) -> Mapping[str, np.ndarray]:
    rows: dict[str, np.ndarray] = {}
    if "dense" in kinds or "hybrid" in kinds:
        rows["dense"] = corpus.dense(vector)
    if "bm25" in kinds or ("hybrid" in kinds and corpus.fusion.weight):
        rows["bm25"] = corpus.lexical(text)
    if "hybrid" in kinds:
        rows["hybrid"] = (
            fuse(rows["dense"], rows["bm25"], corpus.fusion.weight, corpus.fusion.candidates)
            if corpus.fusion.weight
            else rows["dense"]
        )
    return {kind: rows[kind] for kind in kinds}


def _values(rankings: Rankings, dataset: Dataset) -> Values:
    return {query: per_query(ranking, dataset.qrels[query]) for query, ranking in rankings.items()}
