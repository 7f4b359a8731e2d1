"""From a verdict to a bundle: the right weights, every file accounted for, nothing half-written."""

import dataclasses
import shutil

import msgspec
import numpy as np
import onnxruntime
import pytest
from tiny_model import DIMENSION, TEXTS, save_tiny_model

from idiolect import config as configs
from idiolect.bundle import Bundle, Parity, is_bundle
from idiolect.errors import BundleError, IdiolectError, WorkspaceError
from idiolect.files import read_json, read_jsonl, write_json, write_jsonl
from idiolect.records import Fusion
from idiolect.runtimes import golden, open_runtime
from idiolect.runtimes.graph import convert_openvino
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.tokens import pad
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages import export, graphs
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

CHUNKS = [text for text in TEXTS if text.strip()] * 3


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {
        "base": save_tiny_model(root / "tiny-base"),
        "tuned": save_tiny_model(root / "tiny-tuned", seed=1),
    }


@pytest.fixture
def make_context(models, tmp_path):
    """A WORK folder as the earlier stages leave it."""

    def make(verdict, formats=("openvino",), labelled=True):
        workspace = Workspace(tmp_path / "Our Handbook")
        chunks = [
            {"id": f"c{i}", "document_id": "d", "title": "Manual", "headings": [], "text": text}
            | {"start": 0, "end": 1, "tokens": 1}
            for i, text in enumerate(CHUNKS)
        ]
        write_jsonl(workspace.chunks, chunks)
        if labelled:
            passages = [{"_id": chunk["id"], "title": "", "text": chunk["text"]} for chunk in chunks]
            write_jsonl(workspace.test / "corpus.jsonl", passages)
            write_jsonl(workspace.test / "queries.jsonl", [{"_id": "q1", "text": "when does the pump stop"}])
            (workspace.test / "qrels").mkdir()
            (workspace.test / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tc0\t1\n")
        fusion = {"base": Fusion(weight=0.2), "tuned": Fusion(weight=0.35)}
        write_json(workspace.selection, {"fusion": fusion, "dimensions": [DIMENSION, 32, 16, 999]})
        write_json(workspace.report, {"verdict": verdict})
        write_json(workspace.compression, {"weights": "base", "dimensions": {}})
        shutil.copytree(models["tuned"], workspace.model)
        settings = [f"train.base={models['base']}", f"export.formats={list(formats)}"]
        return Context(workspace, configs.load(settings=settings))

    return make


@pytest.fixture(scope="module")
def bundle_path(models, tmp_path_factory):
    """A promoted bundle for tests that only read it, or copy it first."""
    root = tmp_path_factory.mktemp("once")
    workspace = Workspace(root / "once")
    write_jsonl(workspace.chunks, [])
    write_json(workspace.selection, {})
    write_json(workspace.report, {"verdict": "keep-base"})
    config = configs.load(settings=[f"train.base={models['base']}"])
    export.run(Context(workspace, config))
    return workspace.bundle


def test_a_promoted_bundle_holds_the_tuned_weights(make_context, models):
    context = make_context("promote")
    summary = export.run(context)
    bundle = Bundle.load(context.workspace.bundle)
    manifest = bundle.manifest
    assert summary["weights"] == manifest.weights == "tuned"
    assert manifest.name == "our-handbook"
    assert manifest.dimensions == [DIMENSION, 32, 16]
    assert bundle.fusion == Fusion(weight=0.35)
    assert not (bundle.path / "compression.json").exists(), "it was fitted on the base"
    assert manifest.base.digest == describe(models["base"]).digest
    assert manifest.model_digest == describe(models["tuned"]).digest == bundle.files.digest
    parity = manifest.parity["openvino"]
    assert parity.cosine_min > 0.99
    assert abs(parity.metric - parity.reference) <= 0.01
    expected = TorchRuntime(describe(models["tuned"]), precision="float32").encode(TEXTS, "query")
    vectors = open_runtime(bundle.path).encode(TEXTS, "query")
    assert np.sum(vectors * expected, axis=1).min() > 0.99


@pytest.mark.parametrize("verdict", ["keep-base", "inconclusive"])
def test_otherwise_it_holds_the_base(make_context, models, verdict):
    context = make_context(verdict, labelled=False)
    assert export.run(context)["weights"] == "base"
    bundle = Bundle.load(context.workspace.bundle)
    assert read_json(bundle.path / "compression.json")["weights"] == "base"
    assert (bundle.manifest.verdict, bundle.manifest.dimensions) == (verdict, [DIMENSION])
    assert bundle.fusion == Fusion(weight=0.2)
    assert bundle.manifest.model_digest == describe(models["base"]).digest
    assert bundle.manifest.parity["openvino"].metric is None


def test_a_bundle_without_graphs_runs_with_torch(make_context):
    context = make_context("promote", formats=())
    export.run(context)
    assert open_runtime(context.workspace.bundle).name == "torch"
    assert not (context.workspace.bundle / "onnx").exists()


def test_a_report_without_verdict_is_refused(make_context):
    with pytest.raises(WorkspaceError, match="no verdict"):
        export.run(make_context("maybe"))


def test_a_graph_that_differs_is_not_exported_and_the_earlier_bundle_stays(make_context, models, monkeypatch):
    context = make_context("keep-base")
    export.run(context)
    before = read_json(context.workspace.bundle / "manifest.json")
    other = describe(models["tuned"])
    original = graphs.export_openvino
    monkeypatch.setattr(
        graphs, "export_openvino", lambda files, target, plain: original(other, target, plain)
    )
    with pytest.raises(BundleError, match="cosine"):
        export.run(context)
    assert read_json(context.workspace.bundle / "manifest.json") == before
    Bundle.load(context.workspace.bundle).verify()


@pytest.mark.parametrize("file", ["model/model.safetensors", "onnx/model.onnx", "openvino/model.bin"])
def test_an_altered_file_is_named(bundle_path, tmp_path, file):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    altered = bytearray((copy / file).read_bytes())
    altered[len(altered) // 2] ^= 1
    (copy / file).write_bytes(altered)
    with pytest.raises(BundleError, match=f"altered: {file}"):
        Bundle.load(copy).verify()


def test_a_missing_file_is_named(bundle_path, tmp_path):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    (copy / "openvino" / "model.bin").unlink()
    with pytest.raises(BundleError, match=r"openvino/model\.bin is missing"):
        Bundle.load(copy).verify()


@pytest.mark.parametrize("file", ["model/extra.py", ".hidden"])
def test_an_extra_file_is_named(bundle_path, tmp_path, file):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    (copy / file).write_text("import os")
    with pytest.raises(BundleError, match=file):
        Bundle.load(copy).verify()


def test_a_manifest_that_points_outside_the_bundle_is_refused(bundle_path, tmp_path):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    manifest = read_json(copy / "manifest.json")
    manifest["files"][0]["path"] = "../outside"
    write_json(copy / "manifest.json", manifest)
    with pytest.raises(BundleError, match="outside"):
        Bundle.load(copy).verify()


def test_what_is_no_bundle_is_refused(tmp_path, models):
    assert not is_bundle(models["base"])
    with pytest.raises(BundleError, match=r"manifest\.json is missing"):
        Bundle.load(models["base"])
    with pytest.raises(BundleError, match="no directory"):
        Bundle.load(tmp_path / "nowhere")


def test_a_newer_schema_is_refused(bundle_path, tmp_path):
    manifest = msgspec.to_builtins(Bundle.load(bundle_path).manifest) | {"schema": 99}
    write_json(tmp_path / "manifest.json", manifest)
    with pytest.raises(BundleError, match="upgrade idiolect"):
        Bundle.load(tmp_path)


def test_every_runtime_gives_the_golden_vectors_and_none_is_of_the_users_texts(bundle_path):
    bundle = Bundle.load(bundle_path)
    cosines = bundle.verify_vectors()
    assert set(cosines) == {"onnx", "openvino", "torch"}
    assert min(cosines.values()) > 0.999
    assert read_json(bundle_path / "golden.json")["texts"] == list(golden.TEXTS)


def test_a_model_that_gives_other_vectors_than_the_golden_ones_is_named(bundle_path, models, tmp_path):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    convert_openvino(graph_of(models["tuned"], tmp_path / "other.onnx"), copy / "openvino" / "model.xml")
    with pytest.raises(BundleError, match=r"openvino in .* does not give the vectors"):
        Bundle.load(copy).verify_vectors()


def graph_of(model, path):
    graphs.export_onnx(describe(model), path)
    return path


def test_a_tokenizer_that_reads_otherwise_is_named(bundle_path, tmp_path):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    kept = read_json(copy / "golden.json")
    kept["tokens"][1] = kept["tokens"][1][:-1]
    write_json(copy / "golden.json", kept)
    with pytest.raises(BundleError, match="tokenizer reads 'The lift"):
        Bundle.load(copy).verify_vectors()


def test_a_bundle_without_golden_vectors_has_none_to_check(bundle_path, tmp_path):
    copy = shutil.copytree(bundle_path, tmp_path / "copy")
    (copy / "golden.json").unlink()
    assert Bundle.load(copy).verify_vectors() == {}


VARIANTS = ("openvino", "onnx-fp16", "onnx-int8", "openvino-int8")


def test_variants_are_measured_shipped_and_run(make_context, monkeypatch):
    monkeypatch.setattr(graphs, "LEAST_COSINE", 0.9)  # random weights round worse than learned ones
    monkeypatch.setattr(graphs, "LARGEST_LOSS", 1.0)
    context = make_context("promote", formats=VARIANTS)
    summary = export.run(context)
    bundle = Bundle.load(context.workspace.bundle)
    assert summary["formats"] == list(bundle.manifest.parity) == list(VARIANTS)
    assert summary["left_out"] == bundle.manifest.left_out == {}
    known = {chunk["id"] for chunk in read_jsonl(context.workspace.chunks, dict)}
    assert summary["compared_on"] and set(summary["compared_on"]) <= known
    assert summary["calibrated_on"] and set(summary["calibrated_on"]) <= known
    assert {name: parity.precision for name, parity in bundle.manifest.parity.items()} == {
        "openvino": open_runtime(bundle.path, "openvino").precision,
        "onnx-fp16": "float16",
        "onnx-int8": "int8",
        "openvino-int8": "int8",
    }
    int8 = bundle.manifest.parity["openvino-int8"]
    assert int8.products > int8.in_float >= 0
    assert all(0.99 < parity.alone <= 1.0001 for parity in bundle.manifest.parity.values())
    assert not (bundle.path / "onnx" / "model.onnx").exists()
    assert open_runtime(bundle.path).name == "openvino"
    with pytest.raises(BundleError, match="no onnx graph"):
        open_runtime(bundle.path, "onnx")
    for name in VARIANTS:
        assert np.isfinite(open_runtime(bundle.path, name).encode(TEXTS, "query")).all()


def test_a_variant_that_falls_short_is_left_out_with_the_reason(make_context, monkeypatch):
    monkeypatch.setattr(graphs, "LEAST_COSINE", 0.9999999)
    context = make_context("promote", formats=("onnx", "onnx-int8"))
    summary = export.run(context)
    bundle = Bundle.load(context.workspace.bundle)
    left = bundle.manifest.left_out["onnx-int8"]
    assert "is below 0.9999999" in left.reason
    assert left.parity.cosine_min < 0.9999999
    assert summary["left_out"] == {"onnx-int8": left.reason}
    assert (list(bundle.manifest.parity), summary["formats"]) == (["onnx"], ["onnx"])
    assert sorted(path.name for path in (bundle.path / "onnx").iterdir()) == ["model.onnx"]
    bundle.verify()


def test_what_a_variant_must_keep():
    fine = Parity(precision="int8", cosine_min=0.996, cosine_mean=0.999, texts=9, metric=0.498, reference=0.5)
    assert graphs.variant_fault(fine) == ""
    assert graphs.variant_fault(msgspec.structs.replace(fine, metric=0.7)) == ""
    assert "cosine 0.9949" in graphs.variant_fault(msgspec.structs.replace(fine, cosine_min=0.9949))
    assert "nDCG@10 0.4970" in graphs.variant_fault(msgspec.structs.replace(fine, metric=0.497))
    assert "batch" in graphs.variant_fault(msgspec.structs.replace(fine, alone=0.99))
    assert "cosine" in graphs.variant_fault(msgspec.structs.replace(fine, cosine_min=float("nan")))


def test_without_tensorrt_the_bundle_carries_its_graph_and_the_command(make_context):
    context = make_context("promote", formats=("onnx", "tensorrt"))
    export.run(context)
    bundle = Bundle.load(context.workspace.bundle)
    told = bundle.manifest.tensorrt
    assert not told.built
    assert told.profile.usual[1] <= told.profile.most[1] == bundle.manifest.max_tokens
    assert told.command.startswith("trtexec --onnx=model.onnx --saveEngine=model.plan --stronglyTyped")
    assert f"--maxShapes=input_ids:64x{told.profile.most[1]},attention_mask:64x" in told.command
    assert [path.name for path in (bundle.path / "tensorrt").iterdir()] == ["model.onnx"]
    with pytest.raises(BundleError, match="run trtexec --onnx"):
        open_runtime(bundle.path, "tensorrt")
    assert set(bundle.verify_vectors()) == {"onnx", "torch"}
    (bundle.path / "tensorrt" / "model.plan").write_bytes(b"built here")
    bundle.verify()
    with pytest.raises(IdiolectError, match="pip install tensorrt"):
        open_runtime(bundle.path, "tensorrt")


def test_nim_is_given_its_inputs_and_vectors_of_the_dimensions_asked_for(make_context, models):
    context = make_context("promote", formats=())
    settings = msgspec.structs.replace(context.config.export, nim=True)
    export.run(dataclasses.replace(context, config=msgspec.structs.replace(context.config, export=settings)))
    bundle = Bundle.load(context.workspace.bundle)
    assert (bundle.path / "nim" / "tokenizer" / "tokenizer.json").is_file()
    assert not (bundle.path / "onnx").exists()
    session = onnxruntime.InferenceSession(bundle.path / "nim" / "model.onnx")
    assert [item.name for item in session.get_inputs()] == ["input_ids", "attention_mask", "dimensions"]
    torch = TorchRuntime(describe(models["tuned"]), precision="float32")
    expected = torch.encode(TEXTS, "query")
    ids, mask = pad(torch.tokens(TEXTS, "query"), 0)

    def embeddings(sizes):
        given = {"input_ids": ids, "attention_mask": mask, "dimensions": np.array(sizes, np.int64)}
        return session.run(["embeddings"], given)[0]

    np.testing.assert_allclose(embeddings([999] * len(TEXTS)), expected, atol=1e-4)
    cut = expected[:, :16] / np.linalg.norm(expected[:, :16], axis=1, keepdims=True)
    mixed = embeddings([16, 32] * (len(TEXTS) // 2))
    assert mixed.shape == (len(TEXTS), 32)
    np.testing.assert_allclose(mixed[::2, :16], cut[::2], atol=1e-4)
    assert not mixed[::2, 16:].any()
    np.testing.assert_allclose(np.linalg.norm(mixed, axis=1), 1, atol=1e-5)
