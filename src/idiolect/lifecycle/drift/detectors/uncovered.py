"""What share of the current texts lies further from what was trained on than the reference does.

Of each text the cosine of the nearest training text is known.  A text is uncovered where that is below what FURTHEST of
the reference falls short of: a one-class test by nearest neighbours (Knorr and Ng 1998; as a conformal score, Laxhammar
and Falkman 2011).  One-sided: texts that lie closer than before are no drift.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.relabelling import Floats, Labels

FURTHEST = 0.05
"""Of the reference, what counts as uncovered; so large a share of the current texts is expected without drift."""


def uncovered(cosines: NDArray[np.float64], labels: Labels) -> Floats:
    """[1 + B]: shares, for `cosines` [n] to the nearest training text."""
    order = np.argsort(cosines, kind="stable")
    ordered = cosines[order]
    current = labels[order]
    below = np.searchsorted(ordered, limits(ordered, ~current), side="left")
    counts = np.vstack([np.zeros((1, current.shape[1])), np.cumsum(current, axis=0)])
    result: Floats = counts[below, np.arange(current.shape[1])] / current.sum(axis=0)
    return result


def limits(ordered: NDArray[np.float64], reference: Labels) -> Floats:
    """[1 + B]: the cosine below which FURTHEST of the reference lies; `ordered` rises, and `reference` goes with it."""
    seen = np.cumsum(reference, axis=0)
    wanted = np.floor(FURTHEST * seen[-1]) + 1
    result: Floats = ordered[np.argmax(seen >= wanted, axis=0)]
    return result
