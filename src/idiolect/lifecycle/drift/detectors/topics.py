"""Texts sorted into topics: clusters of the pooled vectors, so that a new topic has one of its own.

Lloyd's algorithm on unit vectors (spherical k-means, Dhillon and Modha 2001), seeded as k-means++ (Arthur and
Vassilvitskii 2007).  Clusters of the reference alone would fit it better than what comes later, drift or not.
"""

import numpy as np
from numpy.typing import NDArray

MOST = 12
_A_TOPIC = 25  # texts of the pooled sample for each cluster
_ROUNDS = 20


def topics(vectors: NDArray[np.float32], seed: int) -> NDArray[np.int64]:
    """[n]: the number of each text's cluster, counted from 0; between 2 and MOST of them."""
    x = np.asarray(vectors, np.float64)
    count = min(max(len(x) // _A_TOPIC, 2), MOST)
    centres = _seeds(x, count, np.random.default_rng(seed))
    assigned = np.argmax(x @ centres.T, axis=1)
    for _ in range(_ROUNDS):
        sums = np.eye(count)[assigned].T @ x
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(norms > 0, sums / np.maximum(norms, 1e-12), centres)
        moved = np.argmax(x @ centres.T, axis=1)
        if np.array_equal(moved, assigned):
            break
        assigned = moved
    return np.asarray(assigned, np.int64)


def _seeds(x: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    chosen = [int(rng.integers(len(x)))]
    nearest = 1 - x @ x[chosen[0]]
    for _ in range(count - 1):
        weights = np.maximum(nearest, 0)
        total = weights.sum()
        chosen.append(int(rng.choice(len(x), p=weights / total)) if total > 0 else int(rng.integers(len(x))))
        nearest = np.minimum(nearest, 1 - x @ x[chosen[-1]])
    return x[chosen]
