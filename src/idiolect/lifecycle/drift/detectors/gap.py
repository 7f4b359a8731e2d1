"""The largest gap between two distributions of a number, for scores and margins of what a search finds first.

The two-sample statistic of Kolmogorov and Smirnov, sup |F(x) − G(x)|; its p-value comes from relabelling, since the
tables are for independent texts without ties.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.relabelling import Floats, Labels


def gap(values: NDArray[np.float64], labels: Labels) -> Floats:
    """[1 + B] for `values` [n]."""
    order = np.argsort(values, kind="stable")
    current = labels[order].astype(np.float64)
    here = np.cumsum(current, axis=0) / current.sum(axis=0)
    there = np.cumsum(1 - current, axis=0) / (1 - current).sum(axis=0)
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)  # of each run of equal values
    result: Floats = np.abs(here - there)[ends].max(axis=0)
    return result
