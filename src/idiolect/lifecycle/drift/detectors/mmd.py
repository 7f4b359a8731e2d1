"""The squared maximum mean discrepancy: how far apart two samples lie in a kernel's feature space.

MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / m(m−1) + Σ_{i≠j} k(yᵢ, yⱼ) / n(n−1) − 2 Σ k(xᵢ, yⱼ) / mn, the unbiased estimate of Gretton
et al. 2012 (JMLR 13, Lemma 6), with k(x, y) = exp(−|x − y|² / 2σ²) and σ the median distance in the pooled sample.  Its
null distribution comes from relabelling the pooled sample: what resamples of one side alone differ by is another.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.relabelling import Floats, Labels


def discrepancy(vectors: NDArray[np.float32], labels: Labels) -> Floats:
    """[1 + B]; the kernel [n, n] is computed once."""
    kernel = kernel_of(np.asarray(vectors, np.float64))
    current = labels.astype(np.float64)
    other = 1 - current
    n, m = current.sum(axis=0), other.sum(axis=0)
    towards = kernel @ current
    within = (current * towards).sum(axis=0)
    between = (other * towards).sum(axis=0)
    outside = kernel.sum() - within - 2 * between
    result: Floats = within / (n * (n - 1)) + outside / (m * (m - 1)) - 2 * between / (n * m)
    return result


def kernel_of(x: Floats) -> Floats:
    """[n, n], with a diagonal of zeros: no text is compared with itself."""
    squares = (x**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * x @ x.T, 0)
    median = np.median(distances[np.triu_indices(len(x), 1)])
    kernel: Floats = np.exp(-distances / (2 * max(float(median), 1e-12)))
    np.fill_diagonal(kernel, 0)
    return kernel
