"""Between the base and its tuned weights: linear interpolation (WiSE-FT, arXiv 2109.01903)."""

from collections.abc import Mapping

import torch

Weights = Mapping[str, torch.Tensor]


def interpolate(base: Weights, tuned: Weights, share: float) -> dict[str, torch.Tensor]:
    """base + share · (tuned - base) for every floating-point weight; 0 is the base, 1 the tuned model."""
    return {
        name: torch.lerp(base[name].float(), tuned[name].float(), share).to(base[name].dtype)
        if base[name].is_floating_point()
        else base[name]
        for name in base
    }
