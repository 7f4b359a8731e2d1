"""The contrastive loss on the fused score: the dense side is paid for what BM25 does not find."""

import numpy as np
import pytest
import torch
from random_batch import DIMENSIONS, LEXICAL, SCALE, cosines, info_nce, labels, view

from idiolect.training.objectives.complementary import Complementary


@pytest.mark.parametrize("column", range(len(DIMENSIONS)))
def test_it_is_info_nce_over_the_fused_scores_of_each_dimension(column):
    objective = Complementary(1.0, 0.8, DIMENSIONS)
    mean, deviation = SCALE[:, :, column, None]
    fused = (cosines(DIMENSIONS[column]) - mean) / deviation + LEXICAL
    expected = info_nce(fused, [0, 1, 2], labels()["masked"].numpy(), 0.8).mean()
    loss = objective.loss(view(DIMENSIONS[column]), objective.rows(labels()))
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_copied_queries_are_none_of_its_business():
    objective = Complementary(1.0, 0.8, DIMENSIONS)
    assert objective.rows(labels(copied=(True, False, True))).tolist() == [False, True, False]


def pull(lexical):
    """How strongly the first query's positive is drawn near, where BM25 gives it `lexical` more than the rest."""
    given = labels()
    given["lexical"] = torch.zeros(3, 6)
    given["lexical"][0, 0] = lexical
    given["dense_mean"], given["dense_deviation"] = torch.zeros(3, 3), torch.ones(3, 3)
    scores = torch.zeros(3, 6, requires_grad=True)
    base = view()
    fused = type(base)(base.queries, base.passages, scores, given)
    Complementary(1.0, 1.0, DIMENSIONS).loss(fused, torch.tensor([True, False, False])).backward()
    return -scores.grad[0, 0].item()


def test_the_dense_side_learns_where_bm25_does_not_know():
    assert pull(8.0) < 0.05 * pull(0.0), "BM25 finds it by itself"
    assert pull(-4.0) > pull(0.0), "BM25 is wrong"
    shares = np.exp([0.0] * 5 + [-4.0])
    assert pull(-4.0) == pytest.approx(1 - shares[-1] / shares.sum(), rel=1e-5)
