"""What an objective is given, and what it is to give back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

Labels = Mapping[str, torch.Tensor]
"""What a batch says beside its vectors: see `batches.Collator`."""

MASKED, LEXICAL = "masked", "lexical"
"""The labels that cost something to make, and are made only where an objective needs them."""

WEIGHT = "weight"
"""The label that says how much a query counts."""


@dataclass(frozen=True)
class View:
    """A batch of B queries and P passages in the first d dimensions, vectors at unit length.

    `queries` [B, d], `passages` [P, d], `scores` their cosines [B, P], all float32.
    """

    queries: torch.Tensor
    passages: torch.Tensor
    scores: torch.Tensor
    labels: Labels

    @property
    def size(self) -> int:
        return int(self.queries.shape[1])

    @property
    def positives(self) -> torch.Tensor:
        """int64 [B]: the columns of the queries' positives."""
        return self.labels["candidates"][:, 0]

    @property
    def weights(self) -> torch.Tensor:
        """float32 [B]: what each query's loss is multiplied by."""
        return self.labels[WEIGHT]


class Objective(Protocol):
    """`weight` is its share in the sum; `needs` names those of MASKED and LEXICAL that it reads."""

    weight: float
    needs: frozenset[str]

    def rows(self, labels: Labels) -> torch.Tensor:
        """bool [B]: the queries that it is about."""

    def loss(self, view: View, rows: torch.Tensor) -> torch.Tensor:
        """Scalar, the mean over those queries, of which there is at least one, each times its weight."""
