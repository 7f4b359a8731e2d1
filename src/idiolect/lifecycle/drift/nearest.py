"""The nearest of many vectors, and what of them a search finds first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256


@dataclass(frozen=True)
class Pool:
    """Vectors [n, d] of unit length to look among, and the group (document) that each is of."""

    vectors: NDArray[np.float32]
    groups: Sequence[str]


@dataclass(frozen=True)
class Best:
    """Of each text [n] the cosine of the nearest, its row in the pool, and that of the best of any other group."""

    score: NDArray[np.float64]
    row: NDArray[np.int64]
    next: NDArray[np.float64]

    @property
    def margin(self) -> NDArray[np.float64]:
        return self.score - self.next


def nearest(vectors: NDArray[np.float32], pool: Pool, own: Sequence[str] = ()) -> Best:
    """`own`: of each text the group that it may not find, "" for none: a text of the pool would find itself."""
    codes = {name: code for code, name in enumerate(dict.fromkeys(pool.groups))}
    groups = np.array([codes[name] for name in pool.groups])
    barred = np.array([codes.get(name, -1) if name else -1 for name in own or [""] * len(vectors)])
    scores, rows, others = [], [], []
    for start in range(0, len(vectors), _BLOCK):
        cosines = np.asarray(vectors[start : start + _BLOCK], np.float64) @ pool.vectors.T.astype(np.float64)
        cosines[groups[None, :] == barred[start : start + _BLOCK, None]] = -1
        best = cosines.argmax(axis=1)
        scores.append(cosines[np.arange(len(best)), best])
        rows.append(best)
        cosines[groups[None, :] == groups[best][:, None]] = -1
        others.append(cosines.max(axis=1))
    if not scores:
        return Best(np.zeros(0), np.zeros(0, np.int64), np.zeros(0))
    return Best(np.concatenate(scores), np.concatenate(rows), np.concatenate(others))
