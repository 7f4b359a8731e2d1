"""nDCG, recall, precision, MAP and MRR per query, as trec_eval computes them, and its order of ties.

trec_eval (https://github.com/usnistgov/trec_eval, the code inside pytrec_eval) holds scores as 32-bit
floats, orders equal ones by descending document id, and takes grades from 1 on as relevant.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import IdiolectError

CUTOFFS = (1, 5, 10, 100)
DEPTH = max(CUTOFFS)
"""How deep a ranking must go for every metric to be exact."""


def metric_names(ks: Sequence[int] = CUTOFFS) -> list[str]:
    """The keys of `per_query`: "ndcg@1", …, "mrr@100"."""
    return [f"{name}@{k}" for name in ("ndcg", "recall", "precision", "map", "mrr") for k in ks]


def rank(scores: Mapping[str, float]) -> list[str]:
    """Document ids by descending score (as a 32-bit float), equal ones by descending id."""
    with np.errstate(over="ignore"):
        held = np.fromiter(scores.values(), dtype=np.float64, count=len(scores)).astype(np.float32)
    return [document for _, document in sorted(zip(held.tolist(), scores, strict=True), reverse=True)]


class Ranker:
    """Ranks score rows over one fixed list of document ids, ties as in `rank`.

    Made once per corpus (it sorts the ids); then O(documents) a row plus O(k log k).
    """

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = list(ids)
        self._position = {document: index for index, document in enumerate(self.ids)}
        if len(self._position) != len(self.ids):
            raise IdiolectError("document ids are not unique: a ranking over them has no meaning")
        descending = sorted(range(len(self.ids)), key=self.ids.__getitem__, reverse=True)
        self._order = np.array(descending, dtype=np.int64)
        self._tie = np.empty(len(descending), dtype=np.int64)
        self._tie[self._order] = np.arange(len(descending))

    def top(self, scores: NDArray[Any], k: int = DEPTH, exclude: str | None = None) -> list[str]:
        """The ids of the `k` best of `scores` (one per document); `exclude` names one to leave out."""
        if exclude is not None and exclude in self._position:
            scores = np.array(scores, dtype=np.float32)
            scores[self._position[exclude]] = -np.inf
        return [self.ids[index] for index in self.top_indices(scores, k)]

    def top_indices(self, scores: NDArray[Any], k: int = DEPTH) -> NDArray[np.int64]:
        """Positions of the `k` best of `scores` (shape: documents), best first; fewer if there are fewer.

        A document at minus infinity is no result.  Raises IdiolectError where a score is not a number.
        """
        row = np.asarray(scores, dtype=np.float32)
        if row.shape != (len(self.ids),):
            raise IdiolectError(f"{len(self.ids)} documents but scores of shape {row.shape}")
        if np.isnan(row).any():
            raise IdiolectError("a score is not a number (NaN): the encoder or its weights are broken")
        best = self._candidates(row, k)
        best = best[row[best] > -np.inf]
        return best[np.lexsort((self._tie[best], -row[best]))]

    def _candidates(self, row: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """The `k` best in no order: all above the k-th value, and of those equal to it the first by tie."""
        if k >= len(row):
            return self._order
        threshold = row.min()
        above = np.flatnonzero(row > threshold)  # a sparse row (BM25's) is mostly its own minimum
        if len(above) > k:
            held = row[above]
            threshold = np.partition(held, len(held) - k)[len(held) - k]
            above = above[held > threshold]
        if threshold == -np.inf:
            return above
        equal = self._order[row[self._order] == threshold]
        return np.concatenate([above, equal[: k - len(above)]])


def per_query(
    ranking: Sequence[str], qrels: Mapping[str, int], ks: Sequence[int] = CUTOFFS
) -> dict[str, float]:
    """All metrics of one query from its ranking (best first, no id twice) and its judgments.

    nDCG: linear gain max(grade, 0), discount log2(rank + 1), over the ideal order of all judged
    documents (trec_eval's ndcg_cut).  MAP@k divides by all relevant documents (map_cut), precision@k
    by k.  MRR@k looks at the first k ranks only.  A query without relevant documents scores 0.
    """
    grades = [max(qrels.get(document, 0), 0) for document in ranking[: max(ks)]]
    ideal = sorted((grade for grade in qrels.values() if grade > 0), reverse=True)
    values: dict[str, dict[int, float]] = {"ndcg": {}, "recall": {}, "precision": {}, "map": {}, "mrr": {}}
    for k in ks:
        hits = [position for position, grade in enumerate(grades[:k], 1) if grade > 0]
        best = _dcg(ideal[:k])
        precisions = math.fsum(found / position for found, position in enumerate(hits, 1))
        values["ndcg"][k] = _dcg(grades[:k]) / best if best else 0.0
        values["recall"][k] = len(hits) / len(ideal) if ideal else 0.0
        values["precision"][k] = len(hits) / k
        values["map"][k] = precisions / len(ideal) if ideal else 0.0
        values["mrr"][k] = 1 / hits[0] if hits else 0.0
    return {f"{name}@{k}": value for name, row in values.items() for k, value in row.items()}


def _dcg(grades: Sequence[int]) -> float:
    return math.fsum(grade / math.log2(position + 1) for position, grade in enumerate(grades, 1) if grade)


def score_run(
    rankings: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]], ks: Sequence[int] = CUTOFFS
) -> dict[str, dict[str, float]]:
    """`per_query` for every query of `qrels`, in its order; a query without a ranking scores 0."""
    return {query: per_query(rankings.get(query, ()), judged, ks) for query, judged in qrels.items()}


def aggregate(
    per_query_values: Mapping[str, Mapping[str, float]], expected_queries: Iterable[str]
) -> dict[str, float]:
    """Mean of every metric over `expected_queries`; one without values counts as 0.

    Queries that were not expected are left out.  Raises IdiolectError where none are expected.
    """
    expected = list(expected_queries)
    if not expected:
        raise IdiolectError("no queries to average over")
    names = next((list(values) for values in per_query_values.values()), metric_names())
    rows = [per_query_values.get(query, {}) for query in expected]
    return {name: math.fsum(row.get(name, 0.0) for row in rows) / len(rows) for name in names}
