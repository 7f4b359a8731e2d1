"""The objectives together: the defaults are what they always were, weights add up, caching changes no gradient."""

import numpy as np
import pytest
import torch
from random_batch import (
    DIMENSIONS,
    PASSAGES,
    QUERIES,
    Given,
    cosines,
    divergences,
    groups,
    info_nce,
    labels,
    view,
)
from torch.nn import functional

from idiolect.training.objectives.combined import Combined
from idiolect.training.objectives.complementary import Complementary
from idiolect.training.objectives.contrastive import Contrastive, contrastive
from idiolect.training.objectives.distillation import Distillation, listwise
from idiolect.training.objectives.spread import Spread

DEFAULTS = [Contrastive(1.0, 0.05), Distillation(1.0, "copied", 0.2, 0.7)]
KINDS = [(False,) * 3, (True,) * 3, (False, True, True)]


def combined(objectives, copied=(False,) * 3, dimensions=(8,)):
    return Combined(Given(), dimensions, objectives)(groups(), labels(copied)).item()


def before_there_were_weights(queries, passages, given):
    """Each query's one objective, averaged over the batch: the formula that trained without any of the new settings."""
    losses = []
    for size in DIMENSIONS:
        scores = (
            functional.normalize(queries[:, :size], dim=-1)
            @ functional.normalize(passages[:, :size], dim=-1).T
        )
        candidates, copied = given["candidates"], given["listwise"]
        total = scores.new_zeros(())
        if (~copied).any():
            written = ~copied
            one = contrastive(scores[written], candidates[written, 0], given["masked"][written], 0.05)
            total = total + one * written.sum()
        if copied.any():
            own = candidates[copied]
            columns = scores[copied].gather(1, own.clamp(min=0))
            total = total + listwise(columns, given["teacher"][copied], own >= 0, 0.2, 0.7) * copied.sum()
        losses.append(total / len(copied))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("copied", KINDS)
def test_the_defaults_train_to_the_bit_as_before(copied):
    found = []
    for kind in ("old", "new"):
        queries, passages = QUERIES.clone().requires_grad_(), PASSAGES.clone().requires_grad_()
        if kind == "old":
            loss = before_there_were_weights(queries, passages, labels(copied))
        else:
            loss = Combined(Given(), DIMENSIONS, DEFAULTS)(groups(queries, passages), labels(copied))
        loss.backward()
        found.append((loss.detach(), queries.grad, passages.grad))
    assert all(torch.equal(old, new) for old, new in zip(*found, strict=True))


def test_each_query_weighs_the_same_whatever_its_objective():
    contrasts = info_nce(cosines(), [0, 1, 2], labels()["masked"].numpy(), 0.05)
    distilled = divergences(cosines(), 0.2, 0.7)
    assert combined(DEFAULTS, KINDS[0]) == pytest.approx(contrasts.mean(), rel=1e-4)
    assert combined(DEFAULTS, KINDS[1]) == pytest.approx(distilled.mean(), rel=1e-4)
    mixed = (contrasts[0] + distilled[1] + distilled[2]) / 3
    assert combined(DEFAULTS, KINDS[2]) == pytest.approx(mixed, rel=1e-4)


def test_matryoshka_averages_over_the_dimensions_with_vectors_made_unit_length_again():
    masked = labels()["masked"].numpy()
    parts = [info_nce(cosines(size), [0, 1, 2], masked, 0.05).mean() for size in DIMENSIONS]
    assert combined(DEFAULTS, dimensions=DIMENSIONS) == pytest.approx(np.mean(parts), rel=1e-4)


OTHERS = [Distillation(0.3, "written", 0.2, 0.7), Complementary(0.5, 0.8, DIMENSIONS), Spread(2.0)]


def test_weights_add_up_over_any_combination_and_dimension():
    given = labels(KINDS[2])
    parts = []
    for size in DIMENSIONS:
        seen = view(size, given)
        for objective in (*DEFAULTS, *OTHERS):
            rows = objective.rows(given)
            parts.append(objective.weight * objective.loss(seen, rows).item() * int(rows.sum()) / 3)
    expected = sum(parts) / len(DIMENSIONS)
    assert combined([*DEFAULTS, *OTHERS], KINDS[2], DIMENSIONS) == pytest.approx(expected, rel=1e-4)
    assert expected != pytest.approx(combined(DEFAULTS, KINDS[2], DIMENSIONS), rel=1e-2)


class Deep(torch.nn.Module):
    """A model that keeps much of each text for its backward pass; it counts the forward passes."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.layers = torch.nn.ParameterList(
            torch.randn(8, 8, generator=generator) / 8**0.5 for _ in range(12)
        )
        self.passes = 0

    def forward(self, features):
        self.passes += 1
        vectors = features["vectors"]
        for layer in self.layers:
            vectors = vectors + torch.tanh(vectors @ layer)
        return {"sentence_embedding": vectors}


def large(parts):
    """64 queries and 128 passages in so many groups each, and their labels."""
    generator = torch.Generator().manual_seed(7)
    queries, passages = (torch.randn(count, 8, generator=generator) for count in (64, 128))
    given = [{"vectors": part} for part in (*queries.chunk(parts), *passages.chunk(parts))]
    return given, {
        "query": torch.arange(64),
        "listwise": torch.zeros(64, dtype=torch.bool),
        "candidates": torch.stack([torch.arange(64), torch.arange(64) + 64], dim=1),
        "teacher": torch.randn(64, 2, generator=generator),
        "weight": torch.ones(64),
        "masked": torch.rand(64, 128, generator=generator) > 0.9,
        "lexical": torch.randn(64, 128, generator=generator),
        "dense_mean": torch.zeros(64, 3),
        "dense_deviation": torch.ones(64, 3),
    }


def trained_on(parts, cached):
    """Loss, gradients, the numbers kept between forward and backward, and how often the model ran."""
    model = Deep()
    given, batch = large(parts)
    batch["masked"][torch.arange(64), torch.arange(64)] = False
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: kept.append(tensor.numel()) or tensor, lambda t: t
    ):
        loss = Combined(model, DIMENSIONS, [*DEFAULTS, *OTHERS], cached=cached)(given, batch)
    loss.backward()
    return loss.item(), [layer.grad for layer in model.layers], sum(kept), model.passes


@pytest.mark.parametrize("parts", [1, 2, 8])
def test_cached_gradients_are_the_uncached_ones(parts):
    loss, gradients, kept, passes = trained_on(1, cached=False)
    other, others, less, more = trained_on(parts, cached=True)
    assert other == pytest.approx(loss, abs=1e-6)
    assert all(gradient.abs().max() > 0.01 for gradient in gradients)
    for gradient, found in zip(gradients, others, strict=True):
        assert (gradient - found).abs().max() < 1e-5
    assert (passes, more) == (2, 4 * parts), "once without keeping anything, once more for the backward pass"
    each = 2 * (64 + 128) * 8  # a layer's input and what its tanh gave
    assert kept - less >= 12 * each, "nothing of the layers is kept"


def test_without_gradients_nothing_runs_twice():
    model = Deep()
    given, batch = large(4)
    with torch.no_grad():
        Combined(model, (8,), DEFAULTS, cached=True)(given, batch)
    assert model.passes == 8


@pytest.mark.parametrize("copied", KINDS)
def test_a_query_counts_as_much_as_its_weight_says(copied):
    objectives = [*DEFAULTS, Distillation(0.5, "written", 0.2, 0.7)]

    def gradient(weights):
        queries = QUERIES.clone().requires_grad_()
        loss = Combined(Given(), (8,), objectives)(groups(queries), labels(copied, weights))
        loss.backward()
        return loss.item(), queries.grad

    even, whole = gradient((1.0, 1.0, 1.0))
    uneven, weighted = gradient((3.0, 0.0, 0.5))
    assert torch.allclose(weighted, whole * torch.tensor([[3.0], [0.0], [0.5]]), atol=1e-6)
    alone = [gradient(tuple(float(row == other) for other in range(3)))[0] for row in range(3)]
    assert even == pytest.approx(sum(alone), rel=1e-5)
    assert uneven == pytest.approx(3 * alone[0] + 0.5 * alone[2], rel=1e-5)
