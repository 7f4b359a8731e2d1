"""A map from a new model's vectors to an old one's, so that the new model can query an index before it is made anew.

Orthogonal Procrustes (Schönemann 1966) where both have the same dimension, as it changes no angle between vectors;
else the linear map of least squares with a ridge.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.index.store import Bridge, Indexed, Store
from idiolect.mining.top import top
from idiolect.progress import Progress
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.encoder import unit

Vectors = NDArray[np.float32]

HELD_OUT = 0.2
"""Of the pairs, to measure the map on what it was not fitted to."""

RIDGE = 1e-3
"""Relative to the mean variance of the new vectors' dimensions."""

DEPTH = 10

FLOOR = 0.5
"""Recall below which none is laid: .64 keeps 95% of nDCG@10, .13 a fifth (`bench/bridge.py`)."""

SAMPLE = 2_000
"""Chunks that a bridge is fitted to at most; no more than a quarter of all."""

FEWEST = 500
"""Chunks that one is fitted to at least: with fewer, recall does not show what is lost (`bench/bridge.py`)."""

FITTED = 50
"""Below so many, nothing is left to measure recall on."""


def lay(
    store: Store, indexed: Indexed, encoder: TextEncoder, floor: float, progress: Progress
) -> Bridge | None:
    """Let the model of `indexed` query the vectors that `store` holds of another, until its own are there.

    The bridge that was measured, which is laid where its recall is `floor` or more; None where none is needed, or
    the store holds fewer than 2,000 chunks.  One that is there already is not measured again.
    """
    before = store.indexed()
    if before is None or before.model_digest == indexed.model_digest or before.chunks // 4 < FEWEST:
        return None
    laid = store.bridge()
    if laid and laid.new == indexed.model_digest:
        if laid.recall < floor:
            store.lay(None)
        return laid
    reader = store.read()
    rows = reader.sample(min(SAMPLE, before.chunks // 4))
    progress.start("encoding chunks for a bridge", len(rows), "texts")
    texts = [entry.full_text for entry in reader.entries(rows)]
    new = encoder.encode(texts, "passage", on_batch=progress.advance)
    progress.finish()
    matrix, recall = fit(new, reader.vectors(rows))
    bridge = Bridge(
        new=indexed.model_digest,
        old=before.model_digest,
        dimension=before.dimension,
        matrix=matrix.tobytes(),
        recall=recall,
        pairs=len(rows),
    )
    if recall >= floor:
        store.lay(bridge)
    return bridge


def fit(new: Vectors, old: Vectors, seed: int = 13) -> tuple[Vectors, float]:
    """The map [new dimension, old dimension] of the same chunks' vectors by both models, and its recall.

    `new` and `old` hold unit rows; recall is that of `Bridge`, among these chunks.  Raises ValueError for fewer
    than 50.
    """
    if len(new) != len(old) or len(new) < FITTED:
        raise ValueError(
            f"a bridge needs {FITTED} chunks at least, by both models: {len(new)} and {len(old)}"
        )
    order = np.random.default_rng(seed).permutation(len(new))
    held = order[: max(10, int(len(new) * HELD_OUT))]
    rest = np.setdiff1d(order, held)
    rotate = new.shape[1] == old.shape[1]
    matrix = (_rotation if rotate else _least_squares)(new[rest], old[rest])
    return matrix, _recall(new, old, unit(new[held] @ matrix), held)


def _rotation(new: Vectors, old: Vectors) -> Vectors:
    left, _, right = np.linalg.svd(new.astype(np.float64).T @ old)
    found: Vectors = (left @ right).astype(np.float32)
    return found


def _least_squares(new: Vectors, old: Vectors) -> Vectors:
    square = new.astype(np.float64).T @ new
    ridge = RIDGE * np.trace(square) / len(square)
    found: Vectors = np.linalg.solve(square + ridge * np.eye(len(square)), new.T @ old).astype(np.float32)
    return found


def _recall(new: Vectors, old: Vectors, mapped: Vectors, held: NDArray[np.intp]) -> float:
    """Over the held-out chunks, each left out of what it searches."""
    shares = []
    for vector, row in zip(mapped, held, strict=True):
        wanted, found = new @ new[row], old @ vector
        wanted[row] = found[row] = -np.inf
        shares.append(len(set(top(wanted, DEPTH).tolist()) & set(top(found, DEPTH).tolist())) / DEPTH)
    return float(np.mean(shares))
