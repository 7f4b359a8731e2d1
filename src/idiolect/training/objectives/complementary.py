"""The contrastive loss on the fused score: the dense side learns what BM25 does not find by itself."""

from collections.abc import Sequence

import torch

from idiolect.training.objectives.base import LEXICAL, MASKED, Labels, View
from idiolect.training.objectives.contrastive import contrastive


class Complementary:
    """InfoNCE over (z(dense) + weight · z(BM25)) / temperature, for written queries.

    The student's cosines are standardised by constants of each query, those of the base's cosines in
    as many dimensions (`hybrid.Hybrid`).  Where BM25 ranks the positive first already there is little
    to learn; where it misleads, the dense side is to outweigh it.  Learning against the scores of
    a fixed lexical ranker: CLEAR (arXiv 2004.13969), there through the margin of a triplet loss.
    """

    needs = frozenset({MASKED, LEXICAL})

    def __init__(self, weight: float, temperature: float, dimensions: Sequence[int]) -> None:
        self.weight, self.temperature = weight, temperature
        self._column = {size: column for column, size in enumerate(dimensions)}

    def rows(self, labels: Labels) -> torch.Tensor:
        return ~labels["listwise"]

    def loss(self, view: View, rows: torch.Tensor) -> torch.Tensor:
        column, labels = self._column[view.size], view.labels
        means, deviations = labels["dense_mean"][rows, column], labels["dense_deviation"][rows, column]
        dense = (view.scores[rows] - means[:, None]) / deviations[:, None]
        fused = dense + labels[LEXICAL][rows]
        positives, masked = view.positives[rows], labels[MASKED][rows]
        return contrastive(fused, positives, masked, self.temperature, weights=view.weights[rows])
