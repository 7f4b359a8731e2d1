"""How far the mean of a number has moved: words that the corpus does not know, pieces that a word is split into.

|mean of the current − mean of the reference|, a permutation test of two means (Good 2005, Permutation Tests, 3.2).
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.relabelling import Floats, Labels


def shift(values: NDArray[np.float64], labels: Labels) -> Floats:
    """[1 + B] for `values` [n]."""
    current = labels.astype(np.float64)
    here = values @ current / current.sum(axis=0)
    there = values @ (1 - current) / (1 - current).sum(axis=0)
    result: Floats = np.abs(here - there)
    return result
