"""Listwise distillation: a query's own candidates in the proportions of a teacher's scores."""

from typing import Literal

import torch
from torch.nn import functional

from idiolect.training.objectives.base import Labels, View


class Distillation:
    """Of "copied" queries, whose source is none of their candidates, or of "written" ones, whose positive is.

    Candidates that the teacher says nothing about (NaN) are left out.
    """

    needs: frozenset[str] = frozenset()

    def __init__(
        self,
        weight: float,
        queries: Literal["copied", "written"],
        temperature: float,
        teacher_temperature: float,
    ) -> None:
        self.weight, self.queries = weight, queries
        self.temperature, self.teacher_temperature = temperature, teacher_temperature

    def rows(self, labels: Labels) -> torch.Tensor:
        return labels["listwise"] if self.queries == "copied" else ~labels["listwise"]

    def loss(self, view: View, rows: torch.Tensor) -> torch.Tensor:
        own, teacher = view.labels["candidates"][rows], view.labels["teacher"][rows]
        return listwise(
            view.scores[rows].gather(1, own.clamp(min=0)),
            teacher.nan_to_num(),
            (own >= 0) & ~teacher.isnan(),
            self.temperature,
            self.teacher_temperature,
            view.weights[rows],
        )


def listwise(
    scores: torch.Tensor,
    teacher: torch.Tensor,
    present: torch.Tensor,
    temperature: float,
    teacher_temperature: float,
    weights: torch.Tensor | float = 1.0,
) -> torch.Tensor:
    """KL divergence of the student's from the teacher's softmax over a query's candidates: scalar, the mean over
    queries times their weights.

    `scores` and `teacher` are [B, C], `present` bool [B, C] marks the candidates that there are, `weights` float32 [B].
    """
    absent = ~present
    student = functional.log_softmax((scores / temperature).masked_fill(absent, -1e4), dim=-1)
    target = functional.log_softmax((teacher / teacher_temperature).masked_fill(absent, -1e4), dim=-1)
    divergence = (target.exp() * (target - student)).masked_fill(absent, 0.0).sum(dim=-1)
    return (divergence * weights).mean()
