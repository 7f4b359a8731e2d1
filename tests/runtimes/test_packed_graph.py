"""Graphs over packed rows: a text's vector is torch's, whoever it shares a row with."""

import numpy as np
import pytest
from tiny_families import save_tiny_family
from tiny_model import MAX_TOKENS, save_tiny_model

from idiolect.runtimes.model_files import describe
from idiolect.runtimes.openvino import OpenVinoRuntime
from idiolect.runtimes.packed_graph import export_packed
from idiolect.runtimes.torch import TorchRuntime

MODELS = {
    "bert": lambda path: save_tiny_model(path),
    "bert, first token": lambda path: save_tiny_model(path, pooling="cls"),
    "bert, last token, dense": lambda path: save_tiny_model(path, dense=True, pooling="lasttoken"),
    "xlm-roberta": lambda path: save_tiny_family(path, "xlm-roberta"),
    "xlm-roberta, first token": lambda path: save_tiny_family(path, "xlm-roberta", "cls"),
}
LENGTHS = {
    "one text": [9],
    "one token": [1],
    "a row of texts of a token": [1] * 40,
    "the longest": [MAX_TOKENS] * 5,
    "several rows": [5, 48, 1, 17, 30, 2, 41, 22, 22, 8, 3, 48, 12, 36],
}


@pytest.fixture(scope="module", params=MODELS)
def packed(request, tmp_path_factory):
    """A model directory's facts, and its packed graph."""
    root = tmp_path_factory.mktemp("packed")
    files = describe(MODELS[request.param](root / "model"))
    assert export_packed(files, root / "packed.xml")
    return files, root / "packed.xml"


@pytest.fixture(scope="module")
def runtime(packed):
    return OpenVinoRuntime(*packed, "float32")


@pytest.fixture(scope="module")
def torch(packed):
    return TorchRuntime(packed[0], precision="float32")


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_vectors_are_torchs_in_their_order(runtime, torch, lengths):
    tokens = texts(lengths)
    np.testing.assert_allclose(runtime.encode_tokens(tokens), torch.encode_tokens(tokens), atol=1e-5)


def test_a_text_does_not_see_its_row_mates(runtime):
    tokens = texts(LENGTHS["several rows"])
    alone = np.concatenate([runtime.encode_tokens([ids]) for ids in tokens])
    np.testing.assert_allclose(runtime.encode_tokens(tokens), alone, atol=1e-5)


def test_nor_in_the_fastest_precision(packed):
    fast = OpenVinoRuntime(*packed)
    tokens = texts(LENGTHS["several rows"])
    alone = np.concatenate([fast.encode_tokens([ids]) for ids in tokens])
    assert np.sum(fast.encode_tokens(tokens) * alone, axis=1).min() > 0.999


def test_passes_within_the_budget_give_the_same(runtime):
    tokens = texts(LENGTHS["several rows"] * 4)
    together = runtime.encode_tokens(tokens)
    runtime.max_batch_tokens, kept = 100, runtime.max_batch_tokens
    try:
        np.testing.assert_allclose(runtime.encode_tokens(tokens), together, atol=1e-5)
    finally:
        runtime.max_batch_tokens = kept


def test_it_tells_how_many_tokens_are_multiplied(runtime):
    assert runtime.multiplied([10, 20, 3]) == 36
    assert runtime.multiplied([40] * 4) == 160


@pytest.mark.parametrize(
    "save",
    [
        lambda path: save_tiny_family(path, "mpnet"),
        lambda path: save_tiny_family(path, "modernbert"),
        lambda path: save_tiny_family(path, "qwen3"),
        lambda path: save_tiny_model(path, pooling="max"),
    ],
    ids=["mpnet", "modernbert", "qwen3", "maximum"],
)
def test_other_kinds_of_models_have_none(save, tmp_path):
    assert not export_packed(describe(save(tmp_path / "model")), tmp_path / "packed.xml")
    assert not (tmp_path / "packed.xml").exists()


def texts(lengths):
    random = np.random.default_rng(5)
    return [random.integers(5, 80, length).astype(np.int32) for length in lengths]
