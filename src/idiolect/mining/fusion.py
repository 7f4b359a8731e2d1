"""Dense and BM25 scores made one: z(dense) + weight · z(BM25), each standardised over the candidates of both."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from idiolect.mining.top import top
from idiolect.records import Fusion

WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
"""The weights that are tried on dev queries."""

DOCUMENTED_DEFAULT = Fusion()
"""What a bare model directory, which has chosen no weight, is fused with."""


def standardise(scores: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """z-scores along the last axis: (score - mean) / standard deviation; a constant row becomes 0.

    Mean and deviation are those of `among`, where it is given.
    """
    rows = scores if among is None else among
    mean = rows.mean(axis=-1, keepdims=True)
    centred = scores - mean
    deviation = (rows - mean).std(axis=-1, keepdims=True)
    result: np.ndarray = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 1e-9)
    return result


def candidates(dense: np.ndarray, lexical: np.ndarray, depth: int) -> np.ndarray:
    """Columns, ascending, of the union of both sides' `depth` best; what shares no term is no one's best."""
    if depth >= len(dense):
        return np.arange(len(dense))
    found = top(lexical, depth)
    return np.union1d(top(dense, depth), found[lexical[found] > 0])


class Sides:
    """One query's scores by either side, float [passages], standardised over the candidates."""

    def __init__(self, dense: np.ndarray, lexical: np.ndarray, depth: int) -> None:
        inside = candidates(dense, lexical, depth)
        self.dense = standardise(dense, among=dense[inside])
        self.lexical = standardise(lexical, among=lexical[inside])
        self.outside = np.ones(len(dense), bool)
        self.outside[inside] = False

    def fused(self, weight: float) -> np.ndarray:
        """float [passages]: weight 0 is dense alone; else those that are no candidates come after all that are."""
        fused: np.ndarray = self.dense + weight * self.lexical if weight else self.dense
        if weight and self.outside.any():
            last = fused[~self.outside].min()
            fused[self.outside] = np.minimum(fused[self.outside], last) - 1.0
        return fused


def fuse(dense: np.ndarray, lexical: np.ndarray, weight: float, depth: int) -> np.ndarray:
    """One query's fused scores, float [passages]; `depth` is the number of each side's candidates."""
    return Sides(dense, lexical, depth).fused(weight) if weight else standardise(dense)


def reciprocal_ranks(
    sides: Iterable[Sides], relevant: Iterable[Sequence[int]], weights: Sequence[float] = WEIGHTS
) -> np.ndarray:
    """float [queries, weights]: 1 / rank of the best relevant passage, a tie counting against it.

    `relevant` are each query's columns.
    """
    rows = []
    for both, columns in zip(sides, relevant, strict=True):
        fused = [both.fused(weight) for weight in weights]
        rows.append([1.0 / int(np.count_nonzero(row >= row[list(columns)].max())) for row in fused])
    return np.array(rows).reshape(len(rows), len(weights))


def weight_curve(ranks: np.ndarray, weights: Sequence[float] = WEIGHTS) -> dict[float, float]:
    """Weight → mean reciprocal rank, of what `reciprocal_ranks` gives for at least one query."""
    return dict(zip(weights, map(float, ranks.mean(axis=0)), strict=True))


def best_weight(curve: Mapping[float, float]) -> float:
    """The weight with the highest score; of equals the smallest."""
    return max(curve, key=lambda weight: (curve[weight], -weight))
