"""The losses are the papers' formulas, and what is masked does not count."""

import numpy as np
import pytest
import torch

from idiolect.training.losses import MixedLoss, contrastive, listwise

GENERATOR = np.random.default_rng(3)
SCORES = GENERATOR.uniform(-1, 1, size=(3, 5))
POSITIVES = [1, 0, 4]
NOTHING = np.zeros((3, 5), bool)


def info_nce(scores, positives, masked, temperature):
    """-log of the positive's share of exp(cosine / temperature), over all that is not masked."""
    losses = []
    for row, positive, hidden in zip(scores, positives, masked, strict=True):
        weights = np.where(hidden, 0.0, np.exp(row / temperature))
        losses.append(-np.log(weights[positive] / weights.sum()))
    return float(np.mean(losses))


def contrasted(scores, masked, temperature=0.05):
    return contrastive(torch.tensor(scores), torch.tensor(POSITIVES), torch.tensor(masked), temperature)


@pytest.mark.parametrize("temperature", [0.02, 0.05, 1.0])
def test_the_contrastive_loss_is_info_nce(temperature):
    expected = info_nce(SCORES, POSITIVES, NOTHING, temperature)
    assert contrasted(SCORES, NOTHING, temperature).item() == pytest.approx(expected)


def test_a_masked_passage_counts_as_if_it_were_not_there():
    masked = NOTHING.copy()
    masked[0, 3] = masked[1, 2] = masked[1, 4] = True
    loss = contrasted(SCORES, masked).item()
    assert loss == pytest.approx(info_nce(SCORES, POSITIVES, masked, 0.05))
    assert loss != pytest.approx(contrasted(SCORES, NOTHING).item())
    elsewhere = SCORES.copy()
    elsewhere[masked] = 0.999
    assert contrasted(elsewhere, masked).item() == pytest.approx(loss)


def test_a_masked_passage_is_not_pushed_away():
    masked = NOTHING.copy()
    masked[0, 3] = True
    scores = torch.tensor(SCORES, requires_grad=True)
    contrastive(scores, torch.tensor(POSITIVES), torch.tensor(masked), 0.05).backward()
    assert scores.grad[0, 3] == 0
    assert scores.grad[0, 1] < 0, "the positive is drawn near"
    assert (scores.grad[0, [0, 2, 4]] > 0).all(), "the others are pushed away"


def softmax(row):
    weights = np.exp(row - row.max())
    return weights / weights.sum()


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


class Given(torch.nn.Module):
    """A model whose vectors are those that it is given."""

    def forward(self, features):
        return {"sentence_embedding": features["vectors"]}


QUERIES = torch.tensor(GENERATOR.normal(size=(3, 8)), dtype=torch.float32)
PASSAGES = torch.tensor(GENERATOR.normal(size=(6, 8)), dtype=torch.float32)


def labels(listwise_rows):
    return {
        "candidates": torch.tensor([[0, 4, -1], [1, 5, 2], [2, 3, -1]]),
        "teacher": torch.tensor([[2.0, 1.0, 0.0], [3.0, 1.0, 0.5], [1.0, 0.2, 0.0]]),
        "masked": torch.tensor([[False] * 6, [False] * 5 + [True], [True] + [False] * 5]),
        "listwise": torch.tensor(listwise_rows),
    }


def mixed(listwise_rows, dimensions=(8,)):
    loss = MixedLoss(Given(), dimensions, 0.05, 0.2, 0.7)
    groups = [{"vectors": QUERIES}, {"vectors": PASSAGES[:2]}, {"vectors": PASSAGES[2:]}]
    return loss(groups, labels(listwise_rows)).item()


def cosines(size):
    queries, passages = QUERIES[:, :size].numpy(), PASSAGES[:, :size].numpy()
    queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    return queries @ (passages / np.linalg.norm(passages, axis=1, keepdims=True)).T


def test_written_queries_are_contrasted_over_the_whole_batch():
    masked = labels([False] * 3)["masked"].numpy()
    assert mixed([False] * 3) == pytest.approx(info_nce(cosines(8), [0, 1, 2], masked, 0.05), rel=1e-4)


def test_each_query_weighs_the_same_whatever_its_objective():
    both, contrast, distil = mixed([False, True, True]), mixed([False] * 3), mixed([True] * 3)
    masked = labels([False] * 3)["masked"].numpy()
    first = info_nce(cosines(8)[:1], [0], masked[:1], 0.05)
    scores, given = cosines(8), labels([True] * 3)
    own = []
    for row, candidates in enumerate([[0, 4], [1, 5, 2], [2, 3]]):
        p = softmax(given["teacher"][row, : len(candidates)].numpy() / 0.7)
        q = softmax(scores[row, candidates] / 0.2)
        own.append(float((p * np.log(p / q)).sum()))
    assert distil == pytest.approx(np.mean(own), rel=1e-4)
    assert both == pytest.approx((first + own[1] + own[2]) / 3, rel=1e-4)
    assert both != pytest.approx(contrast)


def test_matryoshka_averages_over_the_dimensions_with_vectors_made_unit_length_again():
    masked = labels([False] * 3)["masked"].numpy()
    parts = [info_nce(cosines(size), [0, 1, 2], masked, 0.05) for size in (8, 4, 2)]
    assert mixed([False] * 3, (8, 4, 2)) == pytest.approx(np.mean(parts), rel=1e-4)
