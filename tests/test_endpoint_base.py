"""A base that is nothing but an endpoint's address: its vectors are mapped, from documents to search."""

import numpy as np
import pytest
from checked_papers import figures_of, sources_of, unsourced, valid_bill, valid_card
from server.serving_fixture import Running
from small_corpus import write_small_corpus
from tiny_bundle import write_tiny_bundle

from idiolect import pipeline
from idiolect.config import load
from idiolect.errors import ConfigError, ModelError
from idiolect.estimates.estimate import estimate
from idiolect.evaluation.beir import load_dataset
from idiolect.files import read_json, write_json
from idiolect.index.memory import MemoryIndex
from idiolect.progress import Silent
from idiolect.runtimes import open_runtime
from idiolect.runtimes.endpoint import EndpointRuntime
from idiolect.runtimes.mapping import matrix_in
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.opening import open_encoder
from idiolect.scoring import score_model
from idiolect.server.service import Service
from idiolect.stages import export
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "ingest.workers=1",
    "generate.max_queries=48",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "train.learning_rate=1e-2",
)
TEXTS = ["the pump stops", "", "a valve opens at three bar"]


@pytest.fixture(scope="module")
def address(tiny_model, tmp_path_factory):
    """URL#MODEL of a server on loopback that gives passages' vectors to whoever asks."""
    service = Service([write_tiny_bundle(tmp_path_factory.mktemp("served") / "bundle", describe(tiny_model))])
    service.load()
    with Running(service) as running:
        yield f"{running.url}/v1#tiny"
    service.close()


@pytest.fixture(scope="module")
def context(address, tmp_path_factory):
    """After a whole run."""
    root = tmp_path_factory.mktemp("endpoint")
    config = load(None, [f'train.base="{address}"', "train.adapter=linear", *SETTINGS])
    docs = write_small_corpus(root / "docs")
    context = Context(Workspace(root / "work"), config, Silent(), docs)
    pipeline.run(context, pipeline.between(None, None))
    return context


def test_a_run_ends_with_a_verdict_on_the_map(context):
    report = read_json(context.workspace.report)
    assert report["verdict"] in ("promote", "keep-base", "inconclusive")
    assert {"dense-base", "dense-tuned", "bm25"} <= report["datasets"]["test"]["runs"].keys()
    assert read_json(context.workspace.selection)["training"]["steps"] > 0


def test_its_bundle_names_the_endpoint_and_claims_no_weights(context, address):
    work = context.workspace
    card = valid_card((work.bundle / "README.md").read_text())
    bill = valid_bill((work.bundle / "bom.cdx.json").read_text())
    assert f"that runs at `{address}`" in card.text and "SentenceTransformer(" not in card.text
    assert "library_name" not in card.data.to_dict() or card.data.library_name is None
    (service,) = bill["services"]
    assert service["endpoints"] == [address]
    assert "base-model" not in [part.get("bom-ref") for part in bill["components"]]
    sources = sources_of(work, work.bundle)
    assert unsourced(card.text, sources) == unsourced(figures_of(bill), sources) == []


@pytest.fixture(params=["promote", "keep-base"])
def bundle(request, context):
    """The bundle after a verdict; promoted, its map is not the identity."""
    work = context.workspace
    if request.param == "promote":
        weights = work.model / "model.safetensors"
        save_matrix(weights, np.eye(64) + 0.1 * np.random.default_rng(0).normal(size=(64, 64)))
    write_json(work.report, {"verdict": request.param})
    export.run(context)
    return work.bundle, request.param == "promote"


def save_matrix(path, matrix):
    from safetensors.numpy import save_file

    save_file({"linear.weight": matrix.astype(np.float32)}, path)


def test_the_bundle_maps_what_the_endpoint_answers(bundle, context, address):
    path, tuned = bundle
    manifest = read_json(path / "manifest.json")
    assert (manifest["weights"], manifest["parity"], manifest["dimension"]) == (
        "tuned" if tuned else "base",
        {},
        64,
    )
    base = EndpointRuntime(address).encode(TEXTS, "query")
    expected = base @ matrix_in(path / "model").T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    vectors = open_encoder(path).encode(TEXTS, "query")
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert np.allclose(vectors, base, atol=1e-5) != tuned


def test_it_searches_and_is_scored_but_no_server_runs_it(bundle, context):
    path, _ = bundle
    assert MemoryIndex(context.workspace, Silent()).search("a rattling noise", 3, "hybrid")
    dataset = load_dataset(context.workspace.test, "test")
    for model in (path, context.workspace.model):
        runs = score_model(str(model), dataset, ("dense",), "document", Silent())
        assert 0 <= runs["dense"]["ndcg@10"] <= 1
    with pytest.raises(ModelError, match="cannot run without it"):
        open_runtime(path)


def test_an_estimate_says_that_nobody_knows(context, address):
    (row,) = estimate(context.workspace, context.config, None, ["train"])
    assert row.minutes is None
    assert address in row.basis[0]


@pytest.mark.parametrize(
    ("base", "adapter", "message"),
    [
        ("http://host/v1#m", "full", "set train.adapter to 'linear'"),
        ("http://host/v1#m", "lora", "set train.adapter to 'linear'"),
        ("https://host/v1", "linear", "give URL#MODEL"),
    ],
)
def test_what_an_endpoint_cannot_do_is_refused_at_once(base, adapter, message):
    with pytest.raises(ConfigError, match=message):
        load(None, [f'train.base="{base}"', f"train.adapter={adapter}"])
