"""Between the base and the tuned weights, and between several models."""

import pytest
import torch

from idiolect.training.merge import average, greedy, interpolate

BASE = {"weight": torch.tensor([1.0, -2.0, 0.1]), "positions": torch.tensor([0, 1, 2])}
TUNED = {"weight": torch.tensor([3.0, -2.5, 0.3]), "positions": torch.tensor([0, 1, 2])}


def test_the_ends_are_the_base_and_the_tuned_model_to_the_bit():
    assert torch.equal(interpolate(BASE, TUNED, 0.0)["weight"], BASE["weight"])
    assert torch.equal(interpolate(BASE, TUNED, 1.0)["weight"], TUNED["weight"])


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_between_them_each_weight_moves_by_its_share(share):
    expected = BASE["weight"] + share * (TUNED["weight"] - BASE["weight"])
    assert torch.allclose(interpolate(BASE, TUNED, share)["weight"], expected)


def test_positions_stay_and_half_precision_stays_half():
    half = {name: value.half() if value.is_floating_point() else value for name, value in BASE.items()}
    merged = interpolate(half, TUNED, 0.5)
    assert merged["weight"].dtype == torch.float16
    assert torch.equal(merged["positions"], BASE["positions"])


def test_an_average_weighs_models_by_their_shares():
    third = {"weight": torch.tensor([5.0, 0.0, 0.0]), "positions": torch.tensor([7, 8, 9])}
    equal = average([BASE, TUNED, third])
    assert torch.allclose(equal["weight"], (BASE["weight"] + TUNED["weight"] + third["weight"]) / 3)
    assert torch.equal(equal["positions"], BASE["positions"])
    weighed = average([BASE, TUNED, third], [1, 3, 0])
    assert torch.allclose(weighed["weight"], interpolate(BASE, TUNED, 0.75)["weight"])
    half = average([{"weight": BASE["weight"].half()}, {"weight": TUNED["weight"].half()}])
    assert half["weight"].dtype == torch.float16


def test_a_greedy_soup_takes_in_only_what_does_not_lower_it():
    """Scored by how near the average is to 3: the best is alone at first, its opposite joins, the last one does not."""
    models = [{"weight": torch.tensor([value])} for value in (9.0, 2.0, 4.5)]
    chosen, score = greedy(models, lambda weights: -abs(float(weights["weight"]) - 3))
    assert (chosen, score) == ([1, 2], pytest.approx(-0.25))
    assert greedy(models[:1], lambda weights: 0.5) == ([0], 0.5)
