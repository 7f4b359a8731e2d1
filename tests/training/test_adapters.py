"""Which weights learn, in families of models that name their layers otherwise; and what becomes of LoRA's updates."""

import pytest
import torch
from tiny_families import FAMILIES, INSTRUCTION, LAYERS, save_tiny_family
from tiny_model import TEXTS, save_tiny_model
from valves import trained

from idiolect.config import Train
from idiolect.errors import ModelError
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime, load
from idiolect.training.adapters import adapt, learning, merged_weights
from idiolect.training.learners import TunedWeights
from idiolect.training.trainer import _tokenizer, load_for_training

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory):
    return save_tiny_family(tmp_path_factory.mktemp("family") / request.param, request.param)


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    return save_tiny_family(tmp_path_factory.mktemp("decoder") / "tiny-embedding", "qwen3")


def layer_of(name):
    """The number of the layer that a weight belongs to, None where it is in none."""
    return next((int(part) for part in name.split(".")[2:] if part.isdigit()), None)


def moved(before, after):
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def test_last_layers_are_found(family):
    names = learning(load_for_training(describe(family), "last-layers"))
    assert {layer_of(name) for name in names} == {LAYERS - 2, LAYERS - 1}


def test_every_linear_layer_gets_an_update_that_begins_as_nothing(family):
    base = load(family).state_dict()
    model = load_for_training(describe(family), "lora", lora_rank=4)
    names = learning(model)
    assert all(".lora_" in name for name in names)
    assert {layer_of(name) for name in names} - {None} == set(range(LAYERS))
    merged = merged_weights(model)
    assert merged.keys() == base.keys()
    assert not moved(base, merged)
    with torch.no_grad():
        for value in names.values():
            value.add_(0.1)
    matrices = {name for name, value in base.items() if value.dim() == 2 and layer_of(name) is not None}
    assert (
        matrices <= moved(base, merged_weights(model)) <= {name for name in base if name.endswith("weight")}
    )


def test_lora_learns_and_leaves_the_base_alone(tiny_model, tmp_path):
    model, before, _, (first, last) = trained(tiny_model, tmp_path, adapter="lora", learning_rate=5e-3)
    assert last < 0.9 * first
    changed = moved(before, model.state_dict())
    assert changed
    assert all(".lora_" in name for name in changed)
    base = load(tiny_model)
    base.load_state_dict(merged_weights(model))
    files = describe(tiny_model)
    learnt = TorchRuntime(files, model).encode(TEXTS, "query")
    assert (TorchRuntime(files, base).encode(TEXTS, "query") * learnt).sum(axis=1).min() > 0.9999
    assert (TorchRuntime(files).encode(TEXTS, "query") * learnt).sum(axis=1).min() < 0.999


@pytest.mark.parametrize("adapter", ["full", "lora"])
def test_a_decoder_learns_from_batches_padded_on_the_left(decoder, tmp_path, adapter):
    """Its tokenizer pads on the left, where cutting a batch would cut its texts."""
    *_, (first, last) = trained(decoder, tmp_path, adapter=adapter, learning_rate=5e-3, max_tokens=48)
    assert last < 0.9 * first


def test_training_reads_what_encoding_reads(decoder):
    files = describe(decoder)
    features = _tokenizer(load_for_training(files, "lora"), files, 48)(TEXTS[:5], "query")
    rows = [
        ids[mask.bool()] for ids, mask in zip(features["input_ids"], features["attention_mask"], strict=True)
    ]
    assert files.query_prompt == INSTRUCTION
    assert all(bool(mask[0]) for mask in features["attention_mask"])
    for ids, expected in zip(rows, TorchRuntime(files).tokens(TEXTS[:5], "query"), strict=True):
        assert ids.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("adapter", "stored"), [("full", torch.float16), ("lora", torch.bfloat16), ("last-layers", torch.float16)]
)
def test_a_base_stored_in_halves_learns_in_float32(tmp_path, adapter, stored):
    halved = load(save_tiny_model(tmp_path / "whole")).to(stored)
    halved.save(str(tmp_path / "halved"), create_model_card=False)
    model, before, *_ = trained(
        tmp_path / "halved", tmp_path / "checkpoints", adapter=adapter, epochs=1, learning_rate=1e-4
    )
    assert {value.dtype for value in learning(model).values()} == {torch.float32}
    assert moved(before, model.state_dict())


def test_a_share_of_lora_is_that_share_of_its_update(tiny_model, tmp_path):
    learner = TunedWeights(describe(tiny_model), Train(adapter="lora", lora_rank=2), seed=13)
    with torch.no_grad():
        for value in learning(learner.student).values():
            value.add_(0.05)
    whole = learner.encoder().encode(TEXTS, "query")
    base = load(tiny_model).state_dict()
    learner.at(1.0)
    learner.save(tmp_path / "whole")
    learner.at(0.5)
    learner.save(tmp_path / "half")
    one, half = load(tmp_path / "whole").state_dict(), load(tmp_path / "half").state_dict()
    for name, value in base.items():
        torch.testing.assert_close(half[name], value + (one[name] - value) / 2)
    assert (TorchRuntime(describe(tmp_path / "whole")).encode(TEXTS, "query") * whole).sum(
        axis=1
    ).min() > 0.999


def test_a_base_without_layers_is_refused(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tiny_model import named_tokenizer

    table = SentenceTransformer(modules=[StaticEmbedding(named_tokenizer(), embedding_dim=8)], device="cpu")
    for adapter in ("last-layers", "lora"):
        with pytest.raises(ModelError, match=r"set train\.adapter"):
            adapt(table, adapter, 4)
