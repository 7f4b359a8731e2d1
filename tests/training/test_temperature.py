"""Temperatures are found, not guessed: both sides come to the same entropy."""

import numpy as np
import pytest

from idiolect.training.temperature import ENTROPY_SHARE, entropy, matched_temperature

GENERATOR = np.random.default_rng(11)
ROWS = [GENERATOR.normal(size=size) for size in (7, 7, 5, 3)]


def relative_entropy(rows, temperature):
    return np.mean([float(entropy(row, temperature)) / np.log(len(row)) for row in rows])


def test_entropy_is_that_of_the_softmax():
    row = np.array([1.0, 2.0, 4.0])
    shares = np.exp(row / 0.5) / np.exp(row / 0.5).sum()
    assert entropy(row, 0.5) == pytest.approx(-(shares * np.log(shares)).sum())
    assert entropy(np.zeros(8), 3.0) == pytest.approx(np.log(8))


@pytest.mark.parametrize("share", [ENTROPY_SHARE, 0.3, 0.95])
@pytest.mark.parametrize("scale", [0.01, 1.0, 300.0])
def test_the_matched_temperature_reaches_the_entropy_at_any_scale(share, scale):
    rows = [scale * row for row in ROWS]
    assert relative_entropy(rows, matched_temperature(rows, share)) == pytest.approx(share, abs=1e-3)


def test_the_scale_of_scores_is_the_scale_of_the_temperature():
    assert matched_temperature([20 * row for row in ROWS]) == pytest.approx(20 * matched_temperature(ROWS))


def test_lists_of_one_say_nothing():
    assert matched_temperature([]) == 1.0
    assert matched_temperature([np.array([3.0])]) == 1.0
    assert matched_temperature([*ROWS, np.array([3.0])]) == matched_temperature(ROWS)
