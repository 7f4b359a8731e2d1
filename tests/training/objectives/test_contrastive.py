"""InfoNCE is the paper's formula: what is masked does not count, what is hard counts more."""

import numpy as np
import pytest
import torch
from random_batch import GENERATOR, info_nce
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from idiolect.training.objectives.contrastive import contrastive

SCORES = GENERATOR.uniform(-1, 1, size=(3, 5))
POSITIVES = [1, 0, 4]
NOTHING = np.zeros((3, 5), bool)


def contrasted(scores, masked, temperature=0.05, hardness=0.0):
    given = torch.as_tensor(scores), torch.tensor(POSITIVES), torch.tensor(masked)
    return contrastive(*given, temperature, hardness)


@pytest.mark.parametrize("temperature", [0.02, 0.05, 1.0])
@pytest.mark.parametrize("hardness", [0.0, 0.5, 9.0])
def test_the_contrastive_loss_is_info_nce(temperature, hardness):
    expected = info_nce(SCORES, POSITIVES, NOTHING, temperature, hardness).mean()
    assert contrasted(SCORES, NOTHING, temperature, hardness).item() == pytest.approx(expected)


def test_hardness_is_what_sentence_transformers_makes_of_it():
    generator = torch.Generator().manual_seed(2)
    queries, passages = torch.randn(4, 8, generator=generator), torch.randn(8, 8, generator=generator)
    reference = MultipleNegativesRankingLoss(
        None, scale=20.0, hardness_mode="all_negatives", hardness_strength=5.0
    ).compute_loss_from_embeddings([queries, passages[:4], passages[4:]], None)
    if isinstance(reference, dict):
        (reference,) = reference.values()
    cosines = torch.nn.functional.cosine_similarity(queries[:, None], passages[None], dim=-1)
    masked = torch.zeros(4, 8, dtype=torch.bool)
    loss = contrastive(cosines, torch.arange(4), masked, 0.05, 5.0)
    assert loss.item() == pytest.approx(reference.item(), rel=1e-4)


def test_a_masked_passage_counts_as_if_it_were_not_there():
    masked = NOTHING.copy()
    masked[0, 3] = masked[1, 2] = masked[1, 4] = True
    loss = contrasted(SCORES, masked).item()
    assert loss == pytest.approx(info_nce(SCORES, POSITIVES, masked, 0.05).mean())
    assert loss != pytest.approx(contrasted(SCORES, NOTHING).item())
    elsewhere = SCORES.copy()
    elsewhere[masked] = 0.999
    assert contrasted(elsewhere, masked).item() == pytest.approx(loss)


def test_a_masked_passage_is_not_pushed_away():
    masked = NOTHING.copy()
    masked[0, 3] = True
    scores = torch.tensor(SCORES, requires_grad=True)
    contrasted(scores, masked).backward()
    assert scores.grad[0, 3] == 0
    assert scores.grad[0, 1] < 0, "the positive is drawn near"
    assert (scores.grad[0, [0, 2, 4]] > 0).all(), "the others are pushed away"


def test_hardness_moves_the_push_to_the_nearest_negative_and_is_itself_a_constant():
    """The gradient of a negative is its share of the weighted softmax over the temperature, and no more."""
    shares = {}
    for hardness in (0.0, 2.0):
        scores = torch.tensor(SCORES[:1] / 3, requires_grad=True)
        loss = contrastive(scores, torch.tensor([1]), torch.tensor(NOTHING[:1]), 0.5, hardness)
        loss.backward()
        row = SCORES[0] / 3
        weights = np.exp(row / 0.5) * np.where(np.arange(5) == 1, 1.0, np.exp(hardness * row))
        expected = (weights / weights.sum() - (np.arange(5) == 1)) / 0.5 / 1
        assert np.allclose(scores.grad[0].numpy(), expected)
        negatives = scores.grad[0][[0, 2, 3, 4]]
        shares[hardness] = (negatives / negatives.sum())[SCORES[0][[0, 2, 3, 4]].argmax()].item()
    assert shares[2.0] > shares[0.0]
