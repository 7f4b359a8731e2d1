"""InfoNCE for written queries, hard negatives weighing more where `hardness` says so."""

import torch
from torch.nn import functional

from idiolect.training.objectives.base import MASKED, Labels, View


class Contrastive:
    """Against all passages of the batch but those that the guide masks."""

    needs = frozenset({MASKED})

    def __init__(self, weight: float, temperature: float, hardness: float = 0.0) -> None:
        self.weight, self.temperature, self.hardness = weight, temperature, hardness

    def rows(self, labels: Labels) -> torch.Tensor:
        return ~labels["listwise"]

    def loss(self, view: View, rows: torch.Tensor) -> torch.Tensor:
        return contrastive(
            view.scores[rows],
            view.positives[rows],
            view.labels[MASKED][rows],
            self.temperature,
            self.hardness,
            view.weights[rows],
        )


def contrastive(
    scores: torch.Tensor,
    positive: torch.Tensor,
    masked: torch.Tensor,
    temperature: float,
    hardness: float = 0.0,
    weights: torch.Tensor | float = 1.0,
) -> torch.Tensor:
    """InfoNCE (arXiv 1807.03748) over all passages of the batch: scalar, the mean over queries times their weights.

    `scores` are cosines [B, P], `positive` int64 [B] the positives' columns, `masked` bool
    [B, P] the passages that are no negatives of a query, `weights` float32 [B].  A negative weighs exp(hardness ·
    cosine), a constant of the step (LLaVE, arXiv 2503.04812, at 9 there; EmbeddingGemma, arXiv
    2509.20354, at 5 for mined negatives); 0 weighs all alike.
    """
    logits = scores / temperature
    if hardness:
        logits = logits + (hardness * scores.detach()).scatter(1, positive[:, None], 0.0)
    losses = functional.cross_entropy(logits.masked_fill(masked, float("-inf")), positive, reduction="none")
    return (losses * weights).mean()
