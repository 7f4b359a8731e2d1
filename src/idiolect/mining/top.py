"""The best of a row of scores."""

import numpy as np


def top(scores: np.ndarray, count: int) -> np.ndarray:
    """Columns of the `count` highest scores, best first; equals in column order."""
    count = min(count, len(scores))
    if count < len(scores):
        threshold = np.partition(scores, len(scores) - count)[len(scores) - count]
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.arange(len(scores))
    best: np.ndarray = candidates[np.argsort(-scores[candidates], kind="stable")][:count]
    return best
