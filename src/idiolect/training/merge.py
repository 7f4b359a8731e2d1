"""Between models of one architecture: interpolation with the base, averages, greedy soups.

WiSE-FT (arXiv 2109.01903) interpolates a base and what was tuned from it; model soups (arXiv 2203.05482)
average several that were tuned from one base.
"""

from collections.abc import Callable, Mapping, Sequence

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


def average(models: Sequence[Weights], shares: Sequence[float] | None = None) -> dict[str, torch.Tensor]:
    """The mean of every floating-point weight, each model's part in proportion to its share; equal ones by default.

    What is no floating-point weight is the first model's.
    """
    shares = shares or [1.0] * len(models)
    total = sum(shares)
    return {
        name: torch.stack([models[n][name].float() * (share / total) for n, share in enumerate(shares)])
        .sum(dim=0)
        .to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in models[0].items()
    }


def greedy(models: Sequence[Weights], score: Callable[[Weights], float]) -> tuple[list[int], float]:
    """Which models to average, and what their average scores: the best one, then each that does not lower it.

    They are tried in the order of their own scores (arXiv 2203.05482, recipe 1); `score` is of dev.
    """
    alone = [score(model) for model in models]
    order = sorted(range(len(models)), key=lambda n: -alone[n])
    chosen, best = order[:1], alone[order[0]]
    for candidate in order[1:]:
        found = score(average([models[n] for n in (*chosen, candidate)]))
        if found >= best:
            chosen, best = [*chosen, candidate], found
    return chosen, best
