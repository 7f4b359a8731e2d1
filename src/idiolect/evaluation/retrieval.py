"""Rankings of a test set: what an encoder, BM25 and their fusion find for every query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    """One retriever's rankings of a test set and what each query scores.

    `scores`: query → the retriever's own score of each document of its ranking; `cosines`: that of
    the query and the passage which stands for the document, empty for BM25.  Both float32.
    """

    rankings: Rankings
    values: Values
    scores: dict[str, np.ndarray] = field(default_factory=dict)
    cosines: dict[str, np.ndarray] = field(default_factory=dict)

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
    runs = {kind: Run({}, {}) for kind in kinds}
    for vector, (query, text) in zip(queries, dataset.queries.items(), strict=True):
        exclude = dataset.itself(query)
        cosine = corpus.dense(vector) if {"dense", "hybrid"} & set(kinds) else None
        for kind, row in _score_rows(corpus, text, cosine, kinds).items():
            if kind == "bm25":
                row = np.where(row > 0, row, -np.inf)  # what shares no term is no result
            ranking = ranker.top(documents.best(row), depth, exclude)
            best, run = documents.best_passages(ranking, row), runs[kind]
            run.rankings[query] = ranking
            run.values[query] = per_query(ranking, dataset.qrels[query])
            run.scores[query] = row[best]
            if cosine is not None and kind != "bm25":
                run.cosines[query] = cosine[best]
    return runs


class _Documents:
    """Passages rolled up to the documents that own them."""

    def __init__(self, owners: Sequence[str]) -> None:
        self.ids = list(dict.fromkeys(owners))
        self.positions = {identifier: position for position, identifier in enumerate(self.ids)}
        self.columns = np.array([self.positions[owner] for owner in owners])
        self.one_each = len(self.ids) == len(owners)
        order = np.argsort(self.columns, kind="stable")
        self._parts = np.split(order, np.cumsum(np.bincount(self.columns))[:-1]) if len(owners) else []

    def best(self, row: np.ndarray) -> np.ndarray:
        """float32 [documents]: the highest of each document's passages' scores [passages]."""
        if self.one_each:
            return row
        scores = np.full(len(self.ids), -np.inf, np.float32)
        np.maximum.at(scores, self.columns, row)
        return scores

    def best_passages(self, documents: Sequence[str], row: np.ndarray) -> np.ndarray:
        """The column of each document's highest score."""
        parts = [self._parts[self.positions[document]] for document in documents]
        return np.array([part[0] if len(part) == 1 else part[row[part].argmax()] for part in parts], np.int64)


def _score_rows(
    corpus: Corpus, text: str, cosine: np.ndarray | None, kinds: Sequence[str]
) -> Mapping[str, np.ndarray]:
    rows: dict[str, np.ndarray] = {}
    if cosine is not None:
        rows["dense"] = cosine
    if "bm25" in kinds or ("hybrid" in kinds and corpus.fusion.weight):
        rows["bm25"] = corpus.lexical(text)
    if "hybrid" in kinds:
        rows["hybrid"] = (
            fuse(rows["dense"], rows["bm25"], corpus.fusion.weight, corpus.fusion.candidates)
            if corpus.fusion.weight
            else rows["dense"]
        )
    return {kind: rows[kind] for kind in kinds}
