"""Temperatures matched by entropy, so that no scale of scores has to be guessed."""

from collections.abc import Sequence

import numpy as np

ENTROPY_SHARE = 0.7
"""Mean entropy of a softmax over n candidates that is aimed for, as a share of its maximum ln n."""


def entropy(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Entropy in nats of softmax(scores / temperature) along the last axis."""
    logits = (scores - scores.max(axis=-1, keepdims=True)) / temperature
    weights = np.exp(logits)
    probabilities = weights / weights.sum(axis=-1, keepdims=True)
    result: np.ndarray = -(probabilities * np.log(np.maximum(probabilities, 1e-30))).sum(axis=-1)
    return result


def relative_entropy(rows: Sequence[np.ndarray], temperature: float) -> float:
    """The rows' mean entropy as a share of its maximum; rows of one candidate say nothing, 1.0 where no row is left."""
    shares = [float(entropy(row, temperature)) / np.log(len(row)) for row in rows if len(row) > 1]
    return float(np.mean(shares)) if shares else 1.0


def matched_temperature(rows: Sequence[np.ndarray], share: float = ENTROPY_SHARE) -> float:
    """The temperature at which the rows' mean relative entropy is `share`, by bisection.

    Rows hold the scores of one query's candidates; rows of one candidate say nothing and are
    left out.  Returns 1.0 where no row is left.
    """
    rows = [row for row in rows if len(row) > 1]
    if not rows:
        return 1.0
    low, high = 1e-4, 1e4
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if relative_entropy(rows, middle) > share else (middle, high)
    return float(np.sqrt(low * high))
