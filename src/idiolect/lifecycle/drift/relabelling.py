"""Which of the pooled texts are called current: as it was, and as it might as well have been if nothing had moved.

A permutation test asks how often chance alone gives a statistic as large as the one that was seen.  It is exact where
whatever is relabelled could as well have stood on the other side: dependent texts (of one user, of one document) are
relabelled together, as one block, and a text that stands on both sides keeps both its places.
"""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]
"""[n, 1 + permutations]: whether a text is current; column 0 says how it was, each other one is a relabelling."""

Floats = NDArray[np.float64]

_TIE = 1e-12
"""Statistics that differ by less are equal: sums in another order differ in their last digits."""


def relabelled(
    current: NDArray[np.bool_], groups: NDArray[np.int64], fixed: NDArray[np.bool_], count: int, seed: int
) -> Labels:
    """`count` relabellings of n texts behind the labels as they were.

    `groups`: texts of one number on one side are one block; `fixed` texts are never relabelled.
    """
    labels = np.repeat(current[:, None], count + 1, axis=1)
    free = ~fixed
    blocks, places = np.unique(2 * groups[free] + current[free], return_inverse=True)
    drawn = np.tile(blocks % 2 == 1, (count, 1))
    labels[free, 1:] = np.random.default_rng(seed).permuted(drawn, axis=1)[:, places].T
    return labels


def p_value(statistics: Floats) -> float:
    """(1 + b) / (1 + B), b of B relabellings reaching what was seen (Phipson and Smyth 2010): it is never 0."""
    reached = np.count_nonzero(statistics[1:] >= statistics[0] - _TIE)
    return float((1 + reached) / len(statistics))


def threshold(statistics: Floats, alpha: float) -> float:
    """What a statistic must exceed for its p to be at most `alpha`; infinite where too few relabellings were drawn."""
    relabelled = np.sort(statistics[1:])[::-1]
    may_reach = int(np.floor(alpha * len(statistics) + 1e-9)) - 1
    return float(relabelled[may_reach]) if may_reach >= 0 else float("inf")
