"""A batch of vectors drawn at random, with its labels; and the formulas of the papers, in numpy."""

import numpy as np
import torch

from idiolect.training.objectives.base import View

GENERATOR = np.random.default_rng(3)
DIMENSIONS = (8, 4, 2)
QUERIES = torch.tensor(GENERATOR.normal(size=(3, 8)), dtype=torch.float32)
PASSAGES = torch.tensor(GENERATOR.normal(size=(6, 8)), dtype=torch.float32)
CANDIDATES = [[0, 4], [1, 5, 2], [2, 3]]
TEACHER = [[2.0, 1.0], [3.0, 1.0, 0.5], [1.0, 0.2]]
LEXICAL = GENERATOR.normal(size=(3, 6)).astype(np.float32)
SCALE = GENERATOR.uniform(0.05, 0.4, size=(2, 3, 3)).astype(np.float32)
"""Mean and deviation of the base's cosines: [2, queries, dimensions]."""


class Given(torch.nn.Module):
    """A model whose vectors are those that it is given."""

    def forward(self, features):
        return {"sentence_embedding": features["vectors"]}


def groups(queries=QUERIES, passages=PASSAGES):
    return [{"vectors": queries}, {"vectors": passages[:2]}, {"vectors": passages[2:]}]


def labels(copied=(False, False, False), weights=(1.0, 1.0, 1.0)):
    """Those of `batches.Collator`; `copied` says which of the three queries are."""
    padded = [[*own, -1][:3] for own in CANDIDATES]
    return {
        "query": torch.tensor([0, 1, 2]),
        "listwise": torch.tensor(copied),
        "candidates": torch.tensor(padded),
        "teacher": torch.tensor([[*scores, 0.0][:3] for scores in TEACHER]),
        "weight": torch.tensor(weights),
        "masked": torch.tensor([[False] * 6, [False] * 5 + [True], [True] + [False] * 5]),
        "lexical": torch.from_numpy(LEXICAL),
        "dense_mean": torch.from_numpy(SCALE[0]),
        "dense_deviation": torch.from_numpy(SCALE[1]),
    }


def view(size=8, given=None, queries=QUERIES, passages=PASSAGES):
    normalize = torch.nn.functional.normalize
    queries, passages = normalize(queries[:, :size], dim=-1), normalize(passages[:, :size], dim=-1)
    return View(queries, passages, queries @ passages.T, given or labels())


def cosines(size=8):
    queries, passages = QUERIES[:, :size].numpy(), PASSAGES[:, :size].numpy()
    queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    return queries @ (passages / np.linalg.norm(passages, axis=1, keepdims=True)).T


def softmax(row):
    weights = np.exp(row - row.max())
    return weights / weights.sum()


def info_nce(scores, positives, masked, temperature, hardness=0.0):
    """-log of the positive's share of exp(score / temperature), over all that is not masked, for each query."""
    losses = []
    for row, positive, hidden in zip(scores, positives, masked, strict=True):
        weights = np.where(hidden, 0.0, np.exp(row / temperature))
        others = np.arange(len(row)) != positive
        weights = weights * np.where(others, np.exp(hardness * row), 1.0)
        losses.append(-np.log(weights[positive] / weights.sum()))
    return np.array(losses)


def divergences(scores, temperature, teacher_temperature):
    """KL divergence of the student's candidates from the teacher's, for each query."""
    values = []
    for row, own, taught in zip(scores, CANDIDATES, TEACHER, strict=True):
        p, q = softmax(np.array(taught) / teacher_temperature), softmax(row[own] / temperature)
        values.append(float((p * np.log(p / q)).sum()))
    return np.array(values)
