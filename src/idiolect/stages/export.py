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

from idiolect.bundle import Base, Bundle, Manifest, Prompts, write_bundle
from idiolect.config import Config, Export, is_endpoint
from idiolect.errors import WorkspaceError
from idiolect.evaluation.calibration import read_calibration
from idiolect.files import read_json
from idiolect.lifecycle.cards.papers import add_papers
from idiolect.records import Fusion
from idiolect.runtimes.graph import OPSET
from idiolect.runtimes.layout import CALIBRATION, COMPRESSION
from idiolect.runtimes.mapping import write_endpoint_map
from idiolect.runtimes.model_files import ModelFiles, describe
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import base_files
from idiolect.stages.graphs import add_graphs
from idiolect.stages.parity import Sample, sample
from idiolect.workspace import Workspace


def run(context: Context) -> Summary:
    """Write WORK/bundle from the verdict, the tuned model and the base.

    A bundle over an endpoint holds the map of its vectors and no graph.
    Raises BundleError where a graph in float32 does not give torch's vectors; an earlier bundle then stays.
    """
    workspace, config, progress = context.workspace, context.config, context.progress
    verdict = _verdict(workspace)
    base = base_files(context)
    tuned = verdict == "promote"
    if is_endpoint(config.train.base):
        config = msgspec.structs.replace(config, export=Export(formats=()))
        progress.note(f"no graphs: the base runs at {config.train.base}")
    texts = sample(workspace, config.seed)

    def fill(draft: Path) -> dict[str, Any]:
        _add_fitted(workspace, draft, manifest)
        told: dict[str, Any] = {}
        if config.export.formats or config.export.nim:
            graphs = add_graphs(draft, config.export, texts, base, progress)
            told = {name: getattr(graphs, name) for name in ("parity", "left_out", "tensorrt", "adaptable")}
        of_base = None if is_endpoint(config.train.base) else base.path
        add_papers(draft, workspace, config, msgspec.structs.replace(manifest, **told), of_base)
        return told

    with _weights(workspace, config, base, tuned) as model:
        manifest = _manifest(workspace, config, verdict, base, model)
        progress.note(f"bundle {manifest.name}: {manifest.weights} weights ({verdict})")
        bundle = write_bundle(workspace.bundle, manifest, model.path, fill)
    bundle.verify()
    return _summary(bundle) | _used(bundle, texts)


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
        name=workspace.name or bundle_name(workspace.root),
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
        opset=OPSET if config.export.formats or config.export.nim else None,
    )


def bundle_name(root: Path) -> str:
    """The name that the model is served by: WORK's, or its parent folder's where WORK has the default name.

    It does not depend on the verdict, so that clients keep working when a rerun changes it.
    """
    root = root.resolve()
    name = root.parent.name if root.name == "idiolect-work" else root.name
    name = re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-._")
    return re.sub(r"-(query|passage)$", "", name) or "idiolect"


def _add_fitted(workspace: Workspace, draft: Path, manifest: Manifest) -> None:
    """Copy calibration and compression, where evaluate fitted them on the weights that are exported."""
    calibration = read_calibration(workspace.calibration)
    if calibration is not None and calibration.weights == manifest.weights:
        shutil.copyfile(workspace.calibration, draft / CALIBRATION)
    if workspace.compression.is_file() and read_json(workspace.compression)["weights"] == manifest.weights:
        shutil.copyfile(workspace.compression, draft / COMPRESSION)


def _summary(bundle: Bundle) -> Summary:
    manifest = bundle.manifest
    return {
        "name": manifest.name,
        "weights": manifest.weights,
        "verdict": manifest.verdict,
        "dimensions": manifest.dimensions,
        "formats": list(manifest.parity),
        "left_out": {name: left.reason for name, left in manifest.left_out.items()},
        "files": len(manifest.files),
        "bytes": sum(file.bytes for file in manifest.files),
        "cosine_min": min((parity.cosine_min for parity in manifest.parity.values()), default=None),
    }


def _used(bundle: Bundle, texts: Sample) -> Summary:
    """The ids of the chunks that graphs were compared on, and of those that give int8 its ranges."""
    made = [*bundle.manifest.parity, *bundle.manifest.left_out]
    used = {"compared_on": texts.chunk_ids} if made else {}
    return used | ({"calibrated_on": texts.calibration_ids} if any("int8" in name for name in made) else {})
