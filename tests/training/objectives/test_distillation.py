"""Listwise distillation: the divergence of two softmaxes over the candidates that there are."""

import numpy as np
import pytest
import torch
from random_batch import GENERATOR, cosines, divergences, labels, softmax, view

from idiolect.training.objectives.distillation import Distillation, listwise

SCORES = GENERATOR.uniform(-1, 1, size=(3, 5))
TEACHER = GENERATOR.uniform(0, 6, size=(3, 5))
ALL = np.ones((3, 5), bool)


def distilled(scores, teacher=TEACHER, present=ALL, temperature=0.05, teacher_temperature=1.5):
    return listwise(
        torch.as_tensor(scores),
        torch.tensor(teacher),
        torch.tensor(present),
        temperature,
        teacher_temperature,
    )


def test_the_listwise_loss_is_the_divergence_of_the_two_softmaxes():
    expected = []
    for ours, theirs in zip(SCORES, TEACHER, strict=True):
        p, q = softmax(theirs / 1.5), softmax(ours / 0.05)
        expected.append(float((p * np.log(p / q)).sum()))
    assert distilled(SCORES).item() == pytest.approx(np.mean(expected))


def test_a_student_in_proportion_to_its_teacher_has_nothing_to_learn():
    agreeing = TEACHER * 0.05 / 1.5 + 0.2
    assert distilled(agreeing).item() == pytest.approx(0, abs=1e-9)
    assert distilled(agreeing + 0.01 * GENERATOR.normal(size=agreeing.shape)).item() > 1e-4


def test_candidates_that_are_not_there_change_nothing():
    present = ALL.copy()
    present[:, 3:] = False
    loss = distilled(SCORES, present=present).item()
    assert loss == pytest.approx(distilled(SCORES[:, :3], TEACHER[:, :3], ALL[:, :3]).item())
    elsewhere = np.where(present, SCORES, 0.99)
    assert distilled(elsewhere, np.where(present, TEACHER, 50.0), present).item() == pytest.approx(loss)


def test_the_gradient_draws_near_what_the_teacher_ranks_higher_than_the_student():
    scores = torch.zeros((1, 3), dtype=torch.float64, requires_grad=True)
    teacher = np.array([[3.0, 0.0, -3.0]])
    distilled(scores, teacher, np.ones((1, 3), bool)).backward()
    assert scores.grad[0, 0] < 0
    assert scores.grad[0, 2] > 0


@pytest.mark.parametrize(("queries", "rows"), [("copied", [1, 2]), ("written", [0])])
def test_it_is_about_its_own_kind_of_query(queries, rows):
    given = labels(copied=(False, True, True))
    objective = Distillation(1.0, queries, 0.2, 0.7)
    mine = objective.rows(given)
    assert mine.nonzero()[:, 0].tolist() == rows
    expected = divergences(cosines(), 0.2, 0.7)[rows].mean()
    assert objective.loss(view(given=given), mine).item() == pytest.approx(expected, rel=1e-4)


def test_a_candidate_that_the_teacher_says_nothing_about_is_left_out():
    given = labels()
    given["teacher"][1, 1] = torch.nan
    objective = Distillation(1.0, "written", 0.2, 0.7)
    p, q = softmax(np.array([3.0, 0.5]) / 0.7), softmax(cosines()[1, [1, 2]] / 0.2)
    expected = float((p * np.log(p / q)).sum())
    loss = objective.loss(view(given=given), torch.tensor([False, True, False]))
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_a_query_that_the_teacher_is_silent_on_teaches_nothing():
    given = labels()
    given["teacher"][:] = torch.nan
    queries = view().queries.clone().requires_grad_()
    scores = queries @ view().passages.T
    silent = type(view())(queries, view().passages, scores, given)
    loss = Distillation(1.0, "written", 0.2, 0.7).loss(silent, torch.tensor([True] * 3))
    loss.backward()
    assert loss.item() == 0
    assert not queries.grad.any()
