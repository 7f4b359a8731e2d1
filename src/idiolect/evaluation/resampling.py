"""Chance, reckoned with: sign flips and bootstraps over clusters of queries, in blocks of bounded memory."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_CLUSTERS = 6
"""Below it no sign flip can reach p < 0.05 (2 / 2**5 = 0.0625), so nothing can be said at that level."""

_EXACT_CLUSTERS = 14
_BLOCK_CELLS = 4_000_000
_TIE = 1e-9


def cluster_sums(
    values: Mapping[str, float], clusters: Mapping[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of the values, and number of queries, of each cluster, in the order of the clusters' names.

    A query that `clusters` does not name is a cluster of its own.
    """
    gathered: dict[tuple[str, str], list[float]] = {}
    for query, value in values.items():
        key = ("cluster", clusters[query]) if query in clusters else ("query", query)
        gathered.setdefault(key, []).append(value)
    groups = [gathered[key] for key in sorted(gathered)]
    return np.array([math.fsum(group) for group in groups]), np.array([float(len(group)) for group in groups])


def sign_flip_p(sums: Floats, seed: Sequence[int], flips: int = 10_000) -> float:
    """Two-sided p of "the differences are as likely to be reversed", flipping whole clusters.

    `sums`: one sum of paired differences a cluster.  All 2**n sign patterns are tried where they are
    few, else `flips` random ones, p = (k + 1) / (flips + 1) (Phipson & Smyth 2010,
    doi 10.2202/1544-6115.1585).  Clusters without a difference weigh nothing and are left out.
    """
    moved = sums[sums != 0]
    if len(moved) == 0:
        return 1.0
    bound = abs(moved.sum()) - _TIE * np.abs(moved).sum()
    if len(moved) <= _EXACT_CLUSTERS:
        patterns = np.array(list(itertools.product((0.0, 1.0), repeat=len(moved) - 1)))
        first = np.ones((len(patterns), 1))  # the other half of the patterns is this half's mirror image
        return float(np.mean(_extreme(np.hstack([first, patterns]), moved, bound)))
    rng = np.random.default_rng(seed)
    extreme = 0
    for block in _blocks(flips, len(moved)):
        bits = np.frombuffer(rng.bytes(block * len(moved)), dtype=np.uint8).reshape(block, -1) & 1
        extreme += int(_extreme(bits.astype(np.float64), moved, bound).sum())
    return (extreme + 1) / (flips + 1)


def _extreme(bits: Floats, sums: Floats, bound: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(2.0 * (bits @ sums) - sums.sum()) >= bound)


def bootstrap_means(sums: Floats, sizes: Floats, seed: Sequence[int], resamples: int = 10_000) -> Floats:
    """Means over queries when whole clusters are drawn with replacement; shape: resamples."""
    rng = np.random.default_rng(seed)
    count = len(sums)
    means = []
    for block in _blocks(resamples, count):
        drawn = rng.integers(0, count, size=(block, count), dtype=np.int32)
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    return np.concatenate(means)


def expanded_percentiles(means: Floats, clusters: int, level: float = 0.95) -> tuple[float, float]:
    """The bootstrap percentile interval, widened as Student's t widens a normal one.

    A percentile interval from n clusters is too narrow by sqrt((n - 1) / n) and by z in place of t; its
    tails are taken at the normal probability of sqrt(n / (n - 1)) · t instead (Hesterberg 2015,
    "What Teachers Should Know About the Bootstrap", doi 10.1080/00031305.2015.1089789, section 3.2).
    """
    t = student_t((1 + level) / 2, clusters - 1)
    tail = NormalDist().cdf(-math.sqrt(clusters / (clusters - 1)) * t)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def student_t(probability: float, freedom: int) -> float:
    """Quantile of Student's t, within 0.003 from 5 degrees of freedom on (Abramowitz & Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / float(freedom) ** power for power, term in enumerate(terms))


def standard_error(sums: Floats, sizes: Floats) -> float:
    """Cluster-robust standard error of the mean over queries, with the n / (n - 1) correction."""
    count, total = len(sums), sizes.sum()
    residuals = sums - sizes * (sums.sum() / total)
    return float(math.sqrt(count / (count - 1) * np.square(residuals).sum()) / total)


def _blocks(rows: int, columns: int) -> Iterator[int]:
    """Split `rows` so that no block of them has more than about _BLOCK_CELLS cells."""
    height = max(1, _BLOCK_CELLS // max(columns, 1))
    for start in range(0, rows, height):
        yield min(height, rows - start)
