"""Export: the weights that the verdict chose, one directory that every runtime loads, held against torch."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from idiolect.bundle import Base, Bundle, Manifest, Parity, Prompts, write_bundle
from idiolect.config import Config, Export, is_endpoint
from idiolect.errors import BundleError, WorkspaceError
from idiolect.evaluation.calibration import read_calibration
from idiolect.files import read_json
from idiolect.records import Fusion
from idiolect.runtimes.graph import OPSET, convert_openvino, export_onnx
from idiolect.runtimes.layout import CALIBRATION, GRAPHS, WEIGHTS
from idiolect.runtimes.mapping import write_endpoint_map
from idiolect.runtimes.model_files import ModelFiles, describe
from idiolect.runtimes.opening import open_graph
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import base_files
from idiolect.stages.parity import Sample, compare, sample
from idiolect.workspace import Workspace

LEAST_COSINE = 0.99
"""Of any text's vector to torch's in float32; bfloat16 stays above .999."""

LARGEST_DIFFERENCE = 0.01
"""Between a runtime's nDCG@10 and torch's, absolute."""


def run(context: Context) -> Summary:
    """Write WORK/bundle from the verdict, the tuned model and the base.

    A bundle over an endpoint holds the map of its vectors and no graph.
    Raises BundleError where an exported graph does not give torch's vectors; an earlier bundle then stays.
    """
    workspace, config, progress = context.workspace, context.config, context.progress
    verdict = _verdict(workspace)
    base = base_files(context)
    tuned = verdict == "promote"
    if is_endpoint(config.train.base):
        config = msgspec.structs.replace(config, export=Export(formats=()))
        progress.note(f"no graphs: the base runs at {config.train.base}")
    texts = sample(workspace, config.seed)

    def fill(draft: Path) -> dict[str, Parity]:
        _add_calibration(workspace, draft, manifest)
        return _graphs(draft, config, texts, context) if config.export.formats else {}

    with _weights(workspace, config, base, tuned) as model:
        manifest = _manifest(workspace, config, verdict, base, model)
        progress.note(f"bundle {manifest.name}: {manifest.weights} weights ({verdict})")
        bundle = write_bundle(workspace.bundle, manifest, model.path, fill)
    bundle.verify()
    return _summary(bundle)


@contextlib.contextmanager
def _weights(workspace: Workspace, config: Config, base: ModelFiles, tuned: bool) -> Iterator[ModelFiles]:
    """The model that goes into the bundle; for an endpoint that is kept as it is, a map that changes nothing."""
    if tuned:
        yield describe(workspace.require(workspace.model, "train"))
    elif not is_endpoint(config.train.base):
        yield base
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_endpoint_map(Path(folder), config.train.base, base.digest, np.eye(base.dimension))
            yield describe(Path(folder))


def _verdict(workspace: Workspace) -> str:
    report = read_json(workspace.require(workspace.report, "evaluate"))
    verdict = report.get("verdict") if isinstance(report, dict) else None
    if verdict not in ("promote", "keep-base", "inconclusive"):
        raise WorkspaceError(
            f"{workspace.report} holds no verdict ({verdict!r}): run `idiolect evaluate` again"
        )
    return str(verdict)


def _manifest(
    workspace: Workspace, config: Config, verdict: str, base: ModelFiles, model: ModelFiles
) -> Manifest:
    selection: dict[str, Any] = read_json(workspace.require(workspace.selection, "train"))
    weights = "tuned" if verdict == "promote" else "base"
    trained = selection.get("dimensions", []) if weights == "tuned" else []
    dimensions = {int(size) for size in trained if 0 < int(size) < model.dimension} | {model.dimension}
    return Manifest(
        name=bundle_name(workspace.root),
        weights="tuned" if verdict == "promote" else "base",
        verdict=verdict,
        base=Base(name=base.name, digest=base.digest),
        model_digest=model.digest,
        dimension=model.dimension,
        dimensions=sorted(dimensions, reverse=True),
        max_tokens=model.max_tokens,
        chunk_tokens=config.ingest.chunk_tokens,
        overlap_tokens=config.ingest.overlap_tokens,
        prompts=Prompts(query=model.query_prompt, passage=model.passage_prompt),
        fusion=Fusion(**selection.get("fusion", {}).get(weights, {})),
        opset=OPSET if config.export.formats else None,
    )


def bundle_name(root: Path) -> str:
    """The name that the model is served by: WORK's, or its parent folder's where WORK has the default name.

    It does not depend on the verdict, so that clients keep working when a rerun changes it.
    """
    root = root.resolve()
    name = root.parent.name if root.name == "idiolect-work" else root.name
    name = re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-._")
    return re.sub(r"-(query|passage)$", "", name) or "idiolect"


def _add_calibration(workspace: Workspace, draft: Path, manifest: Manifest) -> None:
    """Copy the calibration, where evaluate fitted one on the weights that are exported."""
    calibration = read_calibration(workspace.calibration)
    if calibration is not None and calibration.weights == manifest.weights:
        shutil.copyfile(workspace.calibration, draft / CALIBRATION)


def _graphs(draft: Path, config: Config, texts: Sample, context: Context) -> dict[str, Parity]:
    """Add the configured graphs to a new bundle and compare every runtime in it with torch in float32."""
    files = describe(draft / WEIGHTS)
    formats = config.export.formats
    progress = context.progress
    progress.start("export", len(formats), "graphs")
    onnx = draft / GRAPHS["onnx"]
    if formats:
        export_onnx(files, onnx)
    if "openvino" in formats:
        convert_openvino(onnx, draft / GRAPHS["openvino"])
    if formats and "onnx" not in formats:
        onnx.unlink()
        onnx.parent.rmdir()
    progress.advance(len(formats))
    reference = open_graph(draft, files, "torch", "float32")
    parity: dict[str, Parity] = {}
    progress.start("compare runtimes with torch", len(formats) + 1, "runtimes")
    expected = texts.encoded(reference)
    progress.advance()
    for name in formats:
        parity[name] = compare(open_graph(draft, files, name), texts, expected)
        progress.advance(detail=f"{name} cosine {parity[name].cosine_min:.5f}")
        _refuse(name, parity[name])
    progress.finish()
    return parity


def _refuse(name: str, parity: Parity) -> None:
    if not parity.cosine_min >= LEAST_COSINE:
        raise BundleError(
            f"the {name} graph ({parity.precision}) differs from the model: cosine {parity.cosine_min:.4f} "
            f"is below {LEAST_COSINE}; leave {name!r} out of export.formats"
        )
    if parity.metric is None or parity.reference is None:
        return
    if not abs(parity.metric - parity.reference) <= LARGEST_DIFFERENCE:
        raise BundleError(
            f"the {name} graph ({parity.precision}) ranks otherwise than the model: nDCG@10 "
            f"{parity.metric:.4f} against {parity.reference:.4f}; leave {name!r} out of export.formats"
        )


def _summary(bundle: Bundle) -> Summary:
    manifest = bundle.manifest
    return {
        "name": manifest.name,
        "weights": manifest.weights,
        "verdict": manifest.verdict,
        "dimensions": manifest.dimensions,
        "formats": list(manifest.parity),
        "files": len(manifest.files),
        "bytes": sum(file.bytes for file in manifest.files),
        "cosine_min": min((parity.cosine_min for parity in manifest.parity.values()), default=None),
    }
