"""Spreading: mean and second moment of the cosines of pairs that do not match, and of no others."""

import numpy as np
import pytest
import torch
from random_batch import PASSAGES, QUERIES, labels, view
from sentence_transformers.sentence_transformer.losses import GlobalOrthogonalRegularizationLoss

from idiolect.training.objectives.spread import Spread, spread


def reference(vectors):
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [
        float(vectors[i] @ vectors[j]) for i in range(len(vectors)) for j in range(len(vectors)) if i != j
    ]
    return np.mean(pairs) ** 2 + max(0.0, np.mean(np.square(pairs)) - 1 / vectors.shape[1])


def test_it_is_the_papers_formula_over_queries_and_positives():
    objective = Spread(1.0)
    loss = objective.loss(view(), objective.rows(labels()))
    expected = (reference(QUERIES.numpy()) + reference(PASSAGES[:3].numpy())) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_it_is_what_sentence_transformers_computes():
    vectors = torch.nn.functional.normalize(
        torch.randn(7, 4, generator=torch.Generator().manual_seed(2)), dim=-1
    )
    terms = GlobalOrthogonalRegularizationLoss(None).compute_gor(vectors.clone())
    assert spread(vectors, torch.arange(7)).item() == pytest.approx(sum(terms).item(), rel=1e-4)


def test_a_text_that_stands_in_the_batch_twice_is_not_spread_from_itself():
    twice = torch.cat([view().queries, view().queries[:1]])
    identities = torch.tensor([0, 1, 2, 0])
    pairs = [(i, j) for i in range(4) for j in range(4) if identities[i] != identities[j]]
    cosines = np.array([float(twice[i] @ twice[j]) for i, j in pairs])
    expected = cosines.mean() ** 2 + max(0.0, np.square(cosines).mean() - 1 / 8)
    assert spread(twice, identities).item() == pytest.approx(expected, rel=1e-4)


def test_a_batch_of_one_text_has_nothing_to_spread_and_can_be_trained_on():
    vectors = torch.ones(2, 4, requires_grad=True)
    loss = spread(vectors, torch.tensor([5, 5]))
    loss.backward()
    assert loss.item() == 0
    assert not vectors.grad.any()


def test_its_gradient_moves_near_vectors_apart():
    vectors = torch.tensor([[1.0, 0.1], [1.0, -0.1], [0.9, 0.0]], requires_grad=True)
    before = spread(torch.nn.functional.normalize(vectors, dim=-1), torch.arange(3))
    before.backward()
    moved = torch.nn.functional.normalize((vectors - 0.5 * vectors.grad).detach(), dim=-1)
    assert spread(moved, torch.arange(3)) < before
