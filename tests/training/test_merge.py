"""Between the base and the tuned weights."""

import pytest
import torch

from idiolect.training.merge import interpolate

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
