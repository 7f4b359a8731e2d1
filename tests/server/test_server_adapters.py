"""Company, team and person served together: one copy of the weights, each its own answers."""

import shutil

import numpy as np
import pytest
from adapted_models import adapted
from serving_fixture import Running, moved
from tiny_bundle import resealed, write_tiny_bundle
from tiny_model import TEXTS, save_tiny_model

from idiolect.bundle import Bundle
from idiolect.config import Export, Serve
from idiolect.errors import BundleError
from idiolect.files import read_json, write_json
from idiolect.progress import Silent
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime
from idiolect.server.service import Service
from idiolect.stages.graphs import add_graphs
from idiolect.stages.parity import Sample

NAMES = ("company", "team", "person")


def bundled(model, base, path, formats=("openvino-adapter",)):
    """A bundle of that name, exported as the stage does it; `base` is what the model was trained from."""

    def fill(draft):
        graphs = add_graphs(draft, Export(formats=formats), Sample(list(TEXTS)), describe(base), Silent())
        assert graphs.left_out == {}
        return {"parity": graphs.parity, "adaptable": graphs.adaptable}

    write_tiny_bundle(path, describe(model), fill)
    manifest = read_json(path / "manifest.json")
    write_json(path / "manifest.json", manifest | {"name": path.name})
    return path


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A company's LoRA on a base, a team's map on the company's bundle, a person's LoRA on the team's."""
    folder = tmp_path_factory.mktemp("family")
    base = save_tiny_model(folder / "base", layers=1)
    models, found = folder / "models", {}
    models.mkdir()
    for name, how in zip(NAMES, ({"rank": 4}, {"mapped": True}, {"rank": 2, "seed": 5}), strict=True):
        model = adapted(base, models / name, **how)
        formats = ("openvino", "openvino-adapter") if name == "company" else ("openvino-adapter",)
        found[name] = bundled(model, base, folder / name, formats)
        base = found[name] / "model"
    return found


@pytest.fixture
def served(bundles, alone):
    service = alone(*bundles.values(), cache_mb=0)
    with Running(service) as running:
        yield running, service


def answer(running, name):
    response = running.http.post(
        "/v1/embeddings", json={"model": name, "input": TEXTS[:3], "input_type": "query"}
    )
    assert response.status_code == 200, response.text
    return np.array([row["embedding"] for row in response.json()["data"]])


def test_a_family_has_one_graph_and_each_member_its_adapter(bundles):
    told = [Bundle.load(path).manifest.adaptable for path in bundles.values()]
    assert len({each.graph for each in told}) == len({each.root for each in told}) == 1
    assert [(each.rank, each.mapped) for each in told] == [(4, False), (4, True), (6, True)]
    for path, each in zip(bundles.values(), told, strict=True):
        bundle = Bundle.load(path)
        bundle.verify()
        assert bundle.verify_vectors()["openvino-adapter"] > 0.99
        assert each.adapter_bytes < 0.2 * each.graph_bytes


def test_all_answer_from_one_compiled_graph(served, bundles):
    running, service = served
    runtimes = [model.runtime for model in service.models.values()]
    assert {runtime.name for runtime in runtimes} == {"openvino-adapter"}
    assert len({id(runtime._shared) for runtime in runtimes}) == 1
    assert [model["id"] for model in running.http.get("/v1/models").json()["data"]][:3] == list(NAMES)
    found = {name: answer(running, name) for name in NAMES}
    for name, vectors in found.items():
        model = TorchRuntime(describe(bundles[name] / "model"), precision="float32")
        assert np.sum(vectors * model.encode(TEXTS[:3], "query"), axis=1).min() > 0.995
    assert np.sum(found["company"] * found["team"], axis=1).max() < 0.99
    assert np.sum(found["team"] * found["person"], axis=1).max() < 0.99


def test_one_alone_runs_on_its_merged_graph(bundles, alone):
    assert alone(bundles["company"]).models["company"].runtime.name == "openvino"


def test_what_was_asked_for_is_taken(bundles):
    service = Service([bundles["company"], bundles["team"]], "torch", Serve())
    service.load()
    assert {model.runtime.name for model in service.models.values()} == {"torch"}
    service.close()


def test_a_challenger_of_the_family_shares_the_graph(bundles, alone):
    service = alone(bundles["company"], shadow=(f"company={bundles['team']}:1.0",))
    assert service.shadows["company"].runtime._shared is service.models["company"].runtime._shared


def test_a_reload_of_one_leaves_the_others(bundles, alone, tmp_path):
    link = tmp_path / "current"
    link.symlink_to(bundles["person"])
    service = alone(bundles["company"], link, cache_mb=0)
    company, before = service.models["company"], service.models["person"]
    successor = bundled(
        adapted(bundles["team"] / "model", tmp_path / "model", rank=3, seed=9),
        bundles["team"] / "model",
        tmp_path / "later" / "person",
    )
    with Running(service) as running:
        vectors = answer(running, "person")
        moved(link, successor)
        assert service.reload() == ["person"]
        assert service.models["company"] is company
        after = service.models["person"]
        assert after is not before
        assert after.runtime._shared is company.runtime._shared
        assert np.sum(answer(running, "person") * vectors, axis=1).max() < 0.99


def test_an_adapter_that_is_anothers_is_not_served(bundles, alone, tmp_path):
    """Every file is as the manifest lists it, the graph is right; the golden vectors tell."""
    wrong = shutil.copytree(bundles["person"], tmp_path / "person")
    shutil.rmtree(wrong / "model" / "adapter")
    shutil.copytree(bundles["company"] / "model" / "adapter", wrong / "model" / "adapter")
    with pytest.raises(BundleError, match="does not give the vectors"):
        alone(bundles["company"], resealed(wrong))


def test_a_full_model_is_a_root_for_adapters_of_its_own(bundles, alone, tmp_path):
    """Nothing was kept apart when it was tuned: it has its own graph, and shares none with the others."""
    full = save_tiny_model(tmp_path / "full", seed=3, layers=1)
    root = bundled(full, full, tmp_path / "ours")
    theirs = bundled(adapted(full, tmp_path / "model", mapped=True), root / "model", tmp_path / "theirs")
    first, second = (Bundle.load(path).manifest.adaptable for path in (root, theirs))
    assert first.graph == second.graph != Bundle.load(bundles["company"]).manifest.adaptable.graph
    assert (first.rank, first.mapped, first.adapter_bytes) == (0, False, 0)
    service = alone(root, theirs, bundles["company"])
    graphs = [model.runtime for model in service.models.values()]
    assert graphs[0]._shared is graphs[1]._shared
    assert graphs[2].name == "openvino"


def test_without_its_root_an_adapter_is_left_out_with_the_reason(bundles, tmp_path):
    model = shutil.copytree(bundles["team"] / "model", tmp_path / "model")
    (tmp_path / "draft").mkdir()
    shutil.copytree(model, tmp_path / "draft" / "model")
    settings = Export(formats=("openvino-adapter",))
    graphs = add_graphs(tmp_path / "draft", settings, Sample(list(TEXTS)), describe(model), Silent())
    assert "its root base is not at hand" in graphs.left_out["openvino-adapter"].reason
    assert not (tmp_path / "draft" / "adapter").exists()
