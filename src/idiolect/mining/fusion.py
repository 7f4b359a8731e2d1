"""Dense and BM25 scores made one: z(dense) + weight · z(BM25), each standardised over the corpus."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

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


def fuse(dense: np.ndarray, lexical: np.ndarray, weight: float) -> np.ndarray:
    """Fused scores, the shape of `dense`: one row a query, one column a passage."""
    fused: np.ndarray = standardise(dense)
    if weight:
        fused = fused + weight * standardise(lexical)
    return fused


def weight_curve(
    dense: Callable[[int], np.ndarray],
    lexical: Callable[[int], np.ndarray],
    relevant: Sequence[Sequence[int]],
    weights: Sequence[float] = WEIGHTS,
) -> Mapping[float, float]:
    """Weight → mean reciprocal rank of the best relevant passage over the whole corpus.

    `dense(i)` and `lexical(i)` give query i's score rows, `relevant[i]` its relevant columns;
    a tie counts against the relevant passage.
    """
    totals = dict.fromkeys(weights, 0.0)
    for i, columns in enumerate(relevant):
        z_dense, z_lexical = standardise(dense(i)), standardise(lexical(i))
        for weight in weights:
            row = z_dense + weight * z_lexical
            best = max(float(row[column]) for column in columns)
            totals[weight] += 1.0 / max(int(np.count_nonzero(row >= best)), 1)
    return {weight: total / max(len(relevant), 1) for weight, total in totals.items()}


def best_weight(curve: Mapping[float, float]) -> float:
    """The weight with the highest score; of equals the smallest."""
    return max(curve, key=lambda weight: (curve[weight], -weight))
