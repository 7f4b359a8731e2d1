"""One suite over every runtime: the same texts give the same vectors, whatever the back end."""

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from tiny_families import save_tiny_family
from tiny_model import DIMENSION, MAX_TOKENS, TEXTS

from idiolect.chunking import TokenCounter
from idiolect.cli.serve import serve
from idiolect.errors import BundleError, ModelError, UsageError
from idiolect.runtimes import RUNTIMES, open_runtime
from idiolect.runtimes.layout import WEIGHTS
from idiolect.runtimes.model_files import describe, load_tokenizer
from idiolect.runtimes.opening import open_graph
from idiolect.runtimes.torch import TorchRuntime

BACK_ENDS = ["openvino", "onnx", "torch"]


@pytest.fixture(scope="session")
def reference(exported):
    """What sentence-transformers itself gives, its own tokenizer and prompts included."""
    model = SentenceTransformer(str(exported / WEIGHTS), device="cpu")
    return {
        "query": model.encode(TEXTS, prompt_name="query"),
        "passage": model.encode(TEXTS, prompt_name="document"),
    }


@pytest.fixture(scope="session", params=BACK_ENDS)
def runtime(request, exported):
    return open_graph(exported, describe(exported / WEIGHTS), request.param, "float32")


@pytest.fixture(scope="session", params=BACK_ENDS)
def fast_runtime(request, exported):
    """The same in the precision that the hardware is fastest in."""
    return open_graph(exported, describe(exported / WEIGHTS), request.param)


@pytest.mark.parametrize("kind", ["query", "passage"])
def test_vectors_are_those_of_sentence_transformers(runtime, reference, kind):
    vectors = runtime.encode(TEXTS, kind)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), DIMENSION)
    np.testing.assert_allclose(vectors, reference[kind], atol=1e-4)


def test_fast_vectors_are_close_and_of_unit_length(fast_runtime, reference):
    vectors = fast_runtime.encode(TEXTS, "passage")
    assert np.sum(vectors * reference["passage"], axis=1).min() > 0.995
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(fast_runtime):
    together = fast_runtime.encode(TEXTS * 3, "passage")
    alone = np.concatenate([fast_runtime.encode([text], "passage") for text in TEXTS] * 3)
    assert np.sum(together * alone, axis=1).min() > 0.9999


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 2, 17, MAX_TOKENS])
def test_every_batch_size_and_length(exported, runtime, count, length):
    torch = TorchRuntime(describe(exported / WEIGHTS), precision="float32")
    tokens = [np.arange(5, 5 + length, dtype=np.int32) + row for row in range(count)]
    np.testing.assert_allclose(runtime.encode_tokens(tokens), torch.encode_tokens(tokens), atol=1e-4)


def test_no_texts_give_no_vectors(runtime):
    assert runtime.encode([], "query").shape == (0, DIMENSION)


def test_batches_are_reported(runtime):
    counts = []
    runtime.encode(TEXTS, "passage", on_batch=counts.append)
    assert sum(counts) == len(TEXTS)


def test_lone_surrogates_are_encoded(runtime):
    assert np.isfinite(runtime.encode(["broken \ud800 text"], "passage")).all()


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_a_model_in_training_is_evaluated_without_dropout_and_stays_as_it_was(exported, reference, attention):
    files = describe(exported / WEIGHTS)
    settings = {"attn_implementation": attention}
    model = SentenceTransformer(str(files.path), device="cpu", model_kwargs=settings).train()
    runtime = TorchRuntime(files, model, "float32")
    np.testing.assert_allclose(runtime.encode(TEXTS, "query"), reference["query"], atol=1e-4)
    assert model.training
    assert model[0].auto_model.config._attn_implementation == attention


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    return describe(save_tiny_family(tmp_path_factory.mktemp("decoder") / "model", "qwen3"))


@pytest.mark.parametrize("kind", ["query", "passage"])
def test_a_decoder_with_instructions_is_encoded_as_sentence_transformers_does(decoder, kind):
    """Whose tokenizer pads on the left, puts an end of text after each, and cuts before that."""
    assert decoder.query_prompt
    assert not decoder.passage_prompt
    model = SentenceTransformer(str(decoder.path), device="cpu")
    name = "query" if kind == "query" else "document"
    vectors = TorchRuntime(decoder, precision="float32").encode(TEXTS, kind)
    np.testing.assert_allclose(vectors, model.encode(TEXTS, prompt_name=name), atol=1e-5)
    runtime = TorchRuntime(decoder)
    alone = np.concatenate([runtime.encode([text], kind) for text in TEXTS])
    assert np.sum(vectors * alone, axis=1).min() > 0.999


def test_a_decoders_tokens_are_counted_with_the_end_of_text(decoder):
    counter = TokenCounter(load_tokenizer(decoder.path))
    ids = TorchRuntime(decoder).tokens(TEXTS, "passage", None)
    assert counter.count_all(TEXTS) == [len(row) for row in ids]
    assert counter.special == 1
    assert all(row[-1] == 0 for row in ids)


def test_a_bare_model_directory_opens_with_torch(exported):
    assert open_runtime(exported / WEIGHTS).name == "torch"


def test_a_bare_model_directory_has_no_graph(exported):
    with pytest.raises(ModelError, match="no openvino graph"):
        open_runtime(exported / WEIGHTS, "openvino")


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        open_runtime(tmp_path / "nowhere")


def test_serve_offers_every_runtime():
    (option,) = (item for item in serve.params if item.name == "runtime")
    assert sorted(option.type.choices) == sorted(RUNTIMES)


def test_an_unknown_runtime_is_refused(exported):
    with pytest.raises(UsageError, match="tensorflow"):
        open_runtime(exported / WEIGHTS, "tensorflow")


@pytest.mark.parametrize("name", ["openvino", "onnx"])
def test_a_broken_graph_is_named(exported, tmp_path, name):
    for file in ("openvino/model.xml", "onnx/model.onnx"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text("not a graph")
    with pytest.raises(BundleError, match="export it again"):
        open_graph(tmp_path, describe(exported / WEIGHTS), name)
