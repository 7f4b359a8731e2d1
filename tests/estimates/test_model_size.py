"""The shape of a model, and the memory that training it takes."""

import pytest

from idiolect.config import Config
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.model_size import model_size
from idiolect.estimates.sizes import Sizes
from idiolect.runtimes.model_files import describe, resolve


def amounts(chunks, tokens=128.0):
    return Amounts(
        documents=chunks / 5,
        chunks=chunks,
        tokens=chunks * 150,
        characters=chunks * 600,
        asked=chunks,
        passage_tokens=tokens,
        examples=2_400,
        judging=300,
    )


def sizes(model, passages, chunks=3_000, tokens=128.0):
    return Sizes(amounts(chunks, tokens), Config(), model, passages, workers=2)


def test_the_default_base_is_six_layers_of_384():
    model = model_size(describe(resolve("auto")))
    assert (model.layers, model.hidden, model.heads, model.dimension) == (6, 384, 12, 384)
    assert model.weights_mb == pytest.approx(90.9, abs=1)


def test_a_tiny_model_is_read_as_it_was_written(tiny_model):
    model = model_size(describe(tiny_model))
    assert (model.layers, model.hidden, model.heads, model.dimension) == (2, 64, 4, 64)


def test_training_memory_is_within_a_third_of_what_was_measured():
    """160 passages of 128 tokens, contrastive: about 7 GB at the peak; 215, listwise: 7.3 GB after 25 steps."""
    model = model_size(describe(resolve("auto")))
    assert sizes(model, 160).memory("train") == pytest.approx(7_000, rel=0.35)
    assert sizes(model, 215).memory("train") == pytest.approx(7_300, rel=0.35)


def test_memory_grows_with_what_fills_it():
    model = model_size(describe(resolve("auto")))
    assert sizes(model, 200).memory("train") > sizes(model, 100).memory("train")
    assert sizes(model, 100, tokens=256.0).memory("train") > 2 * sizes(model, 100).memory("train") * 0.8
    assert sizes(model, 160, chunks=10**6).memory("prepare") > 10**6 * 384 * 4 * 3 / 1e6
    assert sizes(model, 160).memory("export") < sizes(model, 160).memory("train")


def test_disk_grows_with_the_corpus_and_the_model():
    model = model_size(describe(resolve("auto")))
    assert sizes(model, 160).disk("train")[0] > model.weights_mb
    assert sizes(model, 160).disk("train")[1] > 3 * model.weights_mb
    assert sizes(model, 160, chunks=10**6).disk("prepare")[0] > 1_500
