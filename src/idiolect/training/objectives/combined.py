"""The objectives' weighted sum over a batch, averaged over the Matryoshka dimensions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from idiolect.training.objectives.base import Labels, Objective, View


class Combined(torch.nn.Module):  # type: ignore[misc]
    """Each objective over its queries, divided by all of the batch's, at every dimension (arXiv 2205.13147).

    `cached` encodes each group of texts without keeping what its backward pass needs, and once
    more when that comes: a batch costs the memory of its largest group and one more forward pass,
    with the same gradients (GradCache, arXiv 2101.06983, by a checkpoint for each group).
    """

    def __init__(
        self, model: Any, dimensions: Sequence[int], objectives: Sequence[Objective], cached: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self.dimensions = list(dimensions)
        self.objectives = list(objectives)
        self.cached = cached

    def forward(self, features: Sequence[Mapping[str, torch.Tensor]], labels: Labels) -> torch.Tensor:
        """Scalar; `features` are the groups of the queries, in order, then those of the passages."""
        encoded = torch.cat([self._encode(group) for group in features])
        with torch.autocast(device_type=encoded.device.type, enabled=False):
            queries, passages = encoded.float().tensor_split([len(labels["listwise"])])
            losses = [self._loss(queries[:, :size], passages[:, :size], labels) for size in self.dimensions]
            return torch.stack(losses).mean()

    def _encode(self, group: Mapping[str, torch.Tensor]) -> torch.Tensor:
        if self.cached and torch.is_grad_enabled():
            return checkpoint(self._vectors, group, use_reentrant=False)
        return self._vectors(group)

    def _vectors(self, group: Mapping[str, torch.Tensor]) -> torch.Tensor:
        vectors: torch.Tensor = self.model(dict(group))["sentence_embedding"]
        return vectors

    def _loss(self, queries: torch.Tensor, passages: torch.Tensor, labels: Labels) -> torch.Tensor:
        queries, passages = functional.normalize(queries, dim=-1), functional.normalize(passages, dim=-1)
        view = View(queries, passages, queries @ passages.T, labels)
        total = view.scores.new_zeros(())
        for objective in self.objectives:
            rows = objective.rows(labels)
            if bool(rows.any()):
                total = total + objective.weight * objective.loss(view, rows) * rows.sum()
        return total / len(labels["listwise"])
