"""The train stage with each adapter, from prepared files to a model directory that others load."""

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import Listening
from mining.test_prepare import chunks_of, prepared, questions
from sentence_transformers import SentenceTransformer
from tiny_families import save_tiny_family
from tiny_model import TEXTS

from idiolect.config import load as load_config
from idiolect.files import read_json, remove
from idiolect.runtimes.adapter import read_adapter
from idiolect.runtimes.graph import convert_openvino, export_onnx
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.onnx import OnnxRuntime
from idiolect.runtimes.openvino import OpenVinoRuntime
from idiolect.runtimes.torch import TorchRuntime, load
from idiolect.stages import train
from idiolect.stages.encoders import base_encoder, model_encoder
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

RATES = {"full": 1e-3, "last-layers": 1e-3, "lora": 1e-2, "linear": 1e-2}
SHARE = 0.5


@pytest.fixture(scope="module")
def work(tiny_model, tmp_path_factory):
    """WORK as prepare leaves it."""
    root = tmp_path_factory.mktemp("prepared") / "work"
    context, *_ = prepared(root, tiny_model, chunks_of(), questions())
    return context


@pytest.fixture
def tuned(work, tmp_path, monkeypatch):
    """The context after a train stage whose dev likes each step better, and half of the change best."""
    rising = itertools.count()
    monkeypatch.setattr(train.DevJudge, "score", lambda *_: next(rising))
    monkeypatch.setattr(train.DevJudge, "choose", lambda *_: SHARE)

    def make(adapter, base=work.config.train.base, **changes):
        root = tmp_path / "work"
        if not root.exists():
            shutil.copytree(work.workspace.root, root)
        given = {
            "base": base,
            "adapter": adapter,
            "learning_rate": RATES[adapter],
            "batch_size": 8,
            **changes,
        }
        config = load_config(None, [f"train.{key}={value}" for key, value in given.items()])
        context = replace(work, workspace=Workspace(root), config=config)
        train.run(context)
        return context

    return make


def changed(context):
    """Names of weights that are not the base's, those that the base has not among them."""
    base = load(describe(context.workspace.model).path).state_dict()
    before = load(Path(context.config.train.base)).state_dict()
    return {name for name, value in base.items() if not (name in before and value.equal(before[name]))}


@pytest.mark.parametrize("adapter", RATES)
def test_half_of_what_was_learnt_is_kept_and_loads_everywhere(tuned, adapter):
    context = tuned(adapter)
    selection = read_json(context.workspace.selection)
    assert selection["share"] == SHARE
    assert list(selection["shares"]) == ["0", "0.25", "0.5", "0.75", "1"]
    assert selection["shares"]["0"] != selection["shares"]["1"]
    files = describe(context.workspace.model)
    expected = SentenceTransformer(str(files.path), device="cpu").encode(TEXTS, prompt_name="query")
    vectors = TorchRuntime(files, precision="float32").encode(TEXTS, "query")
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    base = TorchRuntime(describe(Path(context.config.train.base)), precision="float32").encode(TEXTS, "query")
    assert 0.5 < np.sum(vectors * base, axis=1).min() < 0.999


def test_only_what_an_adapter_names_is_changed(tuned):
    everything = changed(tuned("full"))
    assert any("embeddings" in name for name in everything)
    assert any("LayerNorm" in name for name in everything)
    lora = changed(tuned("lora"))
    assert lora
    assert all(".layer." in name and name.endswith("weight") and "Norm" not in name for name in lora)
    assert changed(tuned("linear")) == {"3.linear.weight"}


def test_a_map_is_trained_and_applied_without_encoding_again(tuned, monkeypatch):
    """Seconds, since it needs the base for nothing that it has encoded before."""
    context = tuned("linear")
    monkeypatch.setattr(TorchRuntime, "forward", None)
    context = tuned("linear", learning_rate=2e-2)
    texts = list(
        train.texts_of(list(train.read_jsonl(context.workspace.train, train.TrainingExample))).values()
    )
    mapped = model_encoder(context, context.workspace.model).encode(texts, "passage")
    monkeypatch.undo()
    whole = TorchRuntime(describe(context.workspace.model)).encode(texts, "passage")
    assert np.sum(mapped * whole, axis=1).min() > 0.999
    assert np.sum(mapped * base_encoder(context).encode(texts, "passage"), axis=1).min() < 0.999


def test_a_map_of_a_mapped_model_becomes_one_with_its_map(tuned, tmp_path):
    """As a refresh starts from a champion that is a map: else each would add another."""
    champion = tmp_path / "champion"
    shutil.copytree(tuned("linear").workspace.model, champion)
    context = tuned("linear", base=champion, learning_rate=2e-2)
    files = describe(context.workspace.model)
    assert changed(context) == {"3.linear.weight"} and len(load(files.path)) == len(load(champion))
    whole = TorchRuntime(files, precision="float32").encode(TEXTS, "passage")
    apart = model_encoder(context, files.path).encode(TEXTS, "passage")
    assert np.sum(whole * apart, axis=1).min() > 0.9999
    assert np.sum(whole * base_encoder(context).encode(TEXTS, "passage"), axis=1).min() < 0.999
    np.testing.assert_allclose(
        read_adapter(files).matrix, load(files.path)[3].linear.weight.detach(), atol=1e-5
    )


class Killed(BaseException):
    pass


@pytest.mark.parametrize("adapter", ["lora", "linear"])
def test_killed_in_training_it_goes_on_from_its_checkpoint(tuned, monkeypatch, adapter):
    context = tuned(adapter, epochs=3)
    expected = load(context.workspace.model).state_dict()
    remove(context.workspace.checkpoints)
    scores = iter([0, 1, 2])

    def score(*_):
        for value in scores:
            return value
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(train.DevJudge, "score", score)
        train.run(context)
    said = Listening()
    train.run(replace(context, progress=said))
    assert any(note.startswith("continuing from step") for note in said.notes)
    for name, value in load(context.workspace.model).state_dict().items():
        assert value.equal(expected[name]), name


def test_a_map_is_part_of_the_graphs(tuned, tmp_path):
    files = describe(tuned("linear").workspace.model)
    export_onnx(files, tmp_path / "model.onnx")
    convert_openvino(tmp_path / "model.onnx", tmp_path / "model.xml")
    expected = TorchRuntime(files, precision="float32").encode(TEXTS, "query")
    for runtime in (
        OnnxRuntime(files, tmp_path / "model.onnx"),
        OpenVinoRuntime(files, tmp_path / "model.xml", "float32"),
    ):
        np.testing.assert_allclose(runtime.encode(TEXTS, "query"), expected, atol=1e-4)


def test_a_decoder_is_prepared_for_and_trained(tuned, tmp_path):
    """Instructions before queries alone, the last token for a vector."""
    base = save_tiny_family(tmp_path / "tiny-embedding", "qwen3")
    prepared(tmp_path / "work", base, chunks_of(), questions())
    context = tuned("lora", base=base, dimensions=[16])
    files = describe(context.workspace.model)
    assert (files.query_prompt, files.passage_prompt) == (describe(base).query_prompt, "")
    assert changed(context)
    expected = SentenceTransformer(str(files.path), device="cpu").encode(TEXTS, prompt_name="query")
    np.testing.assert_allclose(
        TorchRuntime(files, precision="float32").encode(TEXTS, "query"), expected, atol=1e-5
    )
