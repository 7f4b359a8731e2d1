"""Many adapters on one graph: each gives the vectors of its own merged model, and the root's weights are there once."""

import gc
import shutil
import threading

import numpy as np
import pytest
from adapted_models import adapted
from tiny_families import save_tiny_family
from tiny_model import DIMENSION, TEXTS, save_tiny_model

from idiolect.errors import BundleError
from idiolect.files import read_json, write_json
from idiolect.runtimes import adapted as runtimes
from idiolect.runtimes.adaptable_graph import export_adaptable, root_of
from idiolect.runtimes.adapted import AdaptedRuntime, graph_digest
from idiolect.runtimes.adapter import read_adapter
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime

KINDS = {
    "the root itself": [],
    "lora": [{"rank": 4}],
    "a rank above what is filled up": [{"rank": 20}],
    "linear": [{"mapped": True}],
    "linear over lora": [{"rank": 4}, {"mapped": True}],
    "lora over linear over lora": [{"rank": 4}, {"mapped": True}, {"rank": 7, "seed": 1}],
    "linear over linear": [{"mapped": True}, {"mapped": True, "seed": 1}],
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A model directory with its adaptable graph beside it."""
    folder = tmp_path_factory.mktemp("root")
    export_adaptable(describe(save_tiny_model(folder / "root")), folder / "model.xml")
    return folder / "root"


@pytest.fixture(scope="module")
def models(root, tmp_path_factory):
    """The directory of each kind's model."""
    made, folder = {}, tmp_path_factory.mktemp("adapted")
    for kind, steps in KINDS.items():
        made[kind] = root
        for step in steps:
            made[kind] = adapted(made[kind], folder / f"{len(made)}-{len(list(folder.iterdir()))}", **step)
    return made


def opened(path, graph, precision="float32"):
    files = describe(path)
    return AdaptedRuntime(files, graph, read_adapter(files), precision)


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_the_merged_models(root, models, kind):
    expected = TorchRuntime(describe(models[kind]), precision="float32").encode(TEXTS, "query")
    runtime = opened(models[kind], root.with_name("model.xml"))
    vectors = runtime.encode(TEXTS, "query")
    assert np.sum(vectors * expected, axis=1).min() > 0.99999
    np.testing.assert_allclose(vectors, expected, atol=1e-4)
    alone = np.concatenate([runtime.encode([text], "query") for text in TEXTS])
    np.testing.assert_allclose(alone, vectors, atol=1e-4)
    fast = opened(models[kind], root.with_name("model.xml"), "auto")
    assert np.sum(fast.encode(TEXTS, "query") * expected, axis=1).min() > 0.995


def test_short_texts_share_rows(root, models):
    assert opened(models["lora"], root.with_name("model.xml")).row_tokens > 0


def test_all_run_on_one_graph_and_answer_as_when_alone(root, models, monkeypatch):
    """Threads ask all of them at once; the graph is compiled once, and let go with the last of them."""
    gc.collect()
    compiled = []
    original = runtimes.Compiled.__init__

    def counting(self, *arguments):
        compiled.append(arguments)
        original(self, *arguments)

    monkeypatch.setattr(runtimes.Compiled, "__init__", counting)
    alone = {}
    for kind, path in models.items():
        alone[kind] = opened(path, root.with_name("model.xml")).encode(TEXTS, "query")
    compiled.clear()
    gc.collect()
    together = {kind: opened(path, root.with_name("model.xml")) for kind, path in models.items()}
    assert len(compiled) == 1
    wrong = []

    def ask(kind):
        for _ in range(10):
            vectors = together[kind].encode(TEXTS, "query")
            if not np.allclose(vectors, alone[kind], atol=1e-5):
                wrong.append(kind)

    threads = [threading.Thread(target=ask, args=(kind,)) for kind in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    first, second = alone["lora"], alone["linear over lora"]
    assert np.sum(first * second, axis=1).max() < 0.999
    together.clear()
    gc.collect()
    assert len(runtimes._held) == 0


def test_the_graph_is_the_same_whenever_it_is_made_and_says_of_what(root, tmp_path):
    export_adaptable(describe(root), tmp_path / "again.xml")
    assert graph_digest(tmp_path / "again.xml") == graph_digest(root.with_name("model.xml"))
    assert root_of(tmp_path / "again.xml") == describe(root).digest


def test_adapters_of_another_root_have_their_own_graph(root, models, tmp_path):
    other = save_tiny_model(tmp_path / "other", seed=1)
    export_adaptable(describe(other), tmp_path / "other.xml")
    path = adapted(other, tmp_path / "adapted", rank=4)
    ours, theirs = opened(models["lora"], root.with_name("model.xml")), opened(path, tmp_path / "other.xml")
    assert ours._shared is not theirs._shared
    expected = TorchRuntime(describe(path), precision="float32").encode(TEXTS, "query")
    np.testing.assert_allclose(theirs.encode(TEXTS, "query"), expected, atol=1e-4)
    with pytest.raises(BundleError, match="holds another model than root"):
        opened(models["lora"], tmp_path / "other.xml")


def test_a_model_whose_texts_share_no_rows_takes_adapters_too(tmp_path):
    root = save_tiny_family(tmp_path / "root", "mpnet")
    export_adaptable(describe(root), tmp_path / "model.xml")
    path = adapted(root, tmp_path / "adapted", rank=3, mapped=True)
    runtime = opened(path, tmp_path / "model.xml")
    assert runtime.row_tokens == 0
    expected = TorchRuntime(describe(path), precision="float32").encode(TEXTS, "query")
    assert np.sum(runtime.encode(TEXTS, "query") * expected, axis=1).min() > 0.99999


@pytest.fixture
def broken(models, tmp_path):
    return shutil.copytree(models["linear over lora"], tmp_path / "broken")


def test_a_cut_adapter_is_named(root, broken):
    file = broken / "adapter" / "adapter.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(BundleError, match="holds no adapter") as caught:
        opened(broken, root.with_name("model.xml"))
    assert "\n" not in str(caught.value)


def test_an_adapter_that_is_not_what_its_facts_say_is_named(root, broken):
    facts = read_json(broken / "adapter" / "adapter.json")
    write_json(broken / "adapter" / "adapter.json", facts | {"rank": 5})
    with pytest.raises(BundleError, match=r"another adapter than adapter\.json says"):
        opened(broken, root.with_name("model.xml"))


def test_an_adapter_of_other_shapes_is_named(root, tmp_path):
    """One that claims the same root."""
    other = adapted(save_tiny_family(tmp_path / "mpnet", "mpnet"), tmp_path / "adapted", rank=3)
    facts = read_json(other / "adapter" / "adapter.json")
    facts["root"]["digest"] = describe(root).digest
    write_json(other / "adapter" / "adapter.json", facts)
    with pytest.raises(BundleError, match=r"the adapter updates encoder.*which its root has not"):
        opened(other, root.with_name("model.xml"))


def test_a_map_of_other_dimensions_is_named(root, tmp_path):
    other = save_tiny_model(tmp_path / "dense", dense=True)
    path = adapted(other, tmp_path / "adapted", mapped=True)
    files = describe(path)
    assert files.dimension != DIMENSION
    with pytest.raises(BundleError, match=f"map is not of {DIMENSION} dimensions"):
        AdaptedRuntime(describe(root), root.with_name("model.xml"), read_adapter(files))


def test_shares_of_updates_stand_side_by_side_and_maps_multiply(models):
    adapter = read_adapter(describe(models["lora"]))
    (layer, (down, up)), *_ = adapter.updates.items()
    more = adapter.updated(adapter.updates, 0.25)
    assert more.rank == 8
    both = more.updates[layer]
    np.testing.assert_allclose(both.down @ both.up, 1.25 * down @ up, atol=1e-6)
    assert adapter.updated(adapter.updates, 0.0) == adapter
    first, second = np.diag([1.0, 2.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    assert (adapter.mapped(first).mapped(second).matrix == second @ first).all()
