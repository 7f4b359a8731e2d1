"""The objectives: InfoNCE for written queries, listwise distillation for copied ones, Matryoshka over both."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional


def contrastive(
    scores: torch.Tensor, positive: torch.Tensor, masked: torch.Tensor, temperature: float
) -> torch.Tensor:
    """InfoNCE (arXiv 1807.03748) over all passages of the batch: scalar, the mean over queries.

    `scores` are cosines [B, P], `positive` int64 [B] the positives' columns, `masked` bool
    [B, P] the passages that are no negatives of a query.
    """
    logits = (scores / temperature).masked_fill(masked, float("-inf"))
    return functional.cross_entropy(logits, positive)


def listwise(
    scores: torch.Tensor,
    teacher: torch.Tensor,
    present: torch.Tensor,
    temperature: float,
    teacher_temperature: float,
) -> torch.Tensor:
    """KL divergence of the student's from the teacher's softmax over a query's candidates: scalar, mean over queries.

    `scores` and `teacher` are [B, C], `present` bool [B, C] marks the candidates that there are.
    """
    absent = ~present
    student = functional.log_softmax((scores / temperature).masked_fill(absent, -1e4), dim=-1)
    target = functional.log_softmax((teacher / teacher_temperature).masked_fill(absent, -1e4), dim=-1)
    divergence = (target.exp() * (target - student)).masked_fill(absent, 0.0).sum(dim=-1)
    return divergence.mean()


class MixedLoss(torch.nn.Module):  # type: ignore[misc]
    """Each query's own objective, averaged over the batch and over the Matryoshka dimensions (arXiv 2205.13147)."""

    def __init__(
        self,
        model: Any,
        dimensions: Sequence[int],
        temperature: float,
        listwise_temperature: float,
        teacher_temperature: float,
    ) -> None:
        super().__init__()
        self.model = model
        self.dimensions = list(dimensions)
        self.temperature = temperature
        self.listwise_temperature = listwise_temperature
        self.teacher_temperature = teacher_temperature

    def forward(
        self, features: Sequence[Mapping[str, torch.Tensor]], labels: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        encoded = [self.model(dict(group))["sentence_embedding"] for group in features]
        with torch.autocast(device_type=encoded[0].device.type, enabled=False):
            queries, passages = encoded[0].float(), torch.cat(encoded[1:]).float()
            losses = [self._loss(queries[:, :size], passages[:, :size], labels) for size in self.dimensions]
            return torch.stack(losses).mean()

    def _loss(
        self, queries: torch.Tensor, passages: torch.Tensor, labels: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        scores = functional.normalize(queries, dim=-1) @ functional.normalize(passages, dim=-1).T
        candidates, distilled = labels["candidates"], labels["listwise"]
        total = scores.new_zeros(())
        if bool((~distilled).any()):
            rows = ~distilled
            loss = contrastive(scores[rows], candidates[rows, 0], labels["masked"][rows], self.temperature)
            total = total + loss * rows.sum()
        if bool(distilled.any()):
            own = candidates[distilled]
            loss = listwise(
                scores[distilled].gather(1, own.clamp(min=0)),
                labels["teacher"][distilled],
                own >= 0,
                self.listwise_temperature,
                self.teacher_temperature,
            )
            total = total + loss * distilled.sum()
        return total / len(distilled)
