"""The population stability index: how far the shares of some classes have moved.

PSI = Σ (qᵢ − pᵢ) ln(qᵢ / pᵢ) over the classes, p of the reference, q of the current sample: Jeffreys' divergence.  The
usual limits of 0.1 and 0.25 know nothing of the samples' sizes; without drift PSI is about (1/m + 1/n) χ² with k − 1
degrees of freedom (Yurdakul 2018, "Statistical Properties of Population Stability Index", Western Michigan University),
so that 0.1 is passed by chance in small samples and never reached in large ones.  What is exceeded in a share alpha of
the relabellings is that very threshold, and holds as well where classes are few texts and where texts come in blocks.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.relabelling import Floats, Labels

HALF = 0.5
"""Added to every count, so that a class that one side lacks has a logarithm; without regard to the labels."""


def stability(classes: NDArray[np.int64], labels: Labels) -> Floats:
    """[1 + B] for `classes` [n], each a whole number from 0 on."""
    members = np.eye(int(classes.max(initial=0)) + 1)[classes]
    here = members.T @ labels.astype(np.float64)
    there = members.sum(axis=0)[:, None] - here
    p, q = _shares(there), _shares(here)
    result: Floats = ((q - p) * np.log(q / p)).sum(axis=0)
    return result


def _shares(counts: Floats) -> Floats:
    """[classes, 1 + B], each column summing to 1."""
    shares: Floats = (counts + HALF) / (counts + HALF).sum(axis=0)
    return shares
