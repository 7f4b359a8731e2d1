"""Global orthogonal regularisation: vectors of different texts spread over the sphere."""

import torch

from idiolect.training.objectives.base import Labels, View


class Spread:
    """Of the batch's queries, and of their positives: the mean of both."""

    needs: frozenset[str] = frozenset()

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def rows(self, labels: Labels) -> torch.Tensor:
        return torch.ones_like(labels["listwise"])

    def loss(self, view: View, rows: torch.Tensor) -> torch.Tensor:
        queries, positives = view.labels["query"][rows], view.positives[rows]
        both = spread(view.queries[rows], queries), spread(view.passages[positives], positives)
        return torch.stack(both).mean()


def spread(vectors: torch.Tensor, identities: torch.Tensor) -> torch.Tensor:
    """M1² + max(0, M2 - 1/d), scalar: M1 and M2 are the mean and the mean square of the cosines of all pairs
    that do not match, which are 0 and 1/d on a uniform sphere (Zhang et al. 2017, arXiv 1708.06320;
    EmbeddingGemma, arXiv 2509.20354, uses the second moment).

    `vectors` [n, d] of unit length; pairs of equal `identities` int64 [n] are left out.
    """
    different = identities[:, None] != identities[None, :]
    cosines = (vectors @ vectors.T)[different]
    if not len(cosines):
        return vectors.sum() * 0.0
    excess = cosines.square().mean() - 1.0 / vectors.shape[1]
    return cosines.mean().square() + excess.clamp(min=0.0)
