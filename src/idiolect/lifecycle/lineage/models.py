"""train's, evaluate's and export's files as nodes: models, reports, what was fitted, bundles."""

from collections.abc import Iterable
from typing import Any, Literal

from idiolect.bundle import Bundle, bundle_digest
from idiolect.evaluation.calibration import read_calibration
from idiolect.files import digest_path, read_json, read_jsonl
from idiolect.lifecycle.audit.manifests import without_secrets
from idiolect.lifecycle.lineage.corpus import passages_of
from idiolect.lifecycle.lineage.facts import Facts
from idiolect.lifecycle.lineage.splits import (
    LABELLED,
    MASKED,
    dataset,
    dev_sets,
    fusion_sets,
    labelled_splits,
)
from idiolect.lifecycle.lineage.writing import Node, Run
from idiolect.lifecycle.lineage.written import requests
from idiolect.runtimes.layout import CALIBRATION, COMPRESSION
from idiolect.runtimes.model_files import weights_digest
from idiolect.workspace import Workspace


def read_train(work: Workspace, facts: Facts, run: Run) -> None:
    """What was trained on shaped the weights if any share of their change was kept; else it was only tried."""
    selection = read_json(work.selection)
    model = run.artefact("model", weights_digest(work.model), "tuned")
    run.remember("model", [(facts.outputs["model"], model)])
    trained = run.artefact("dataset", f"{facts.inputs['train']}:train", "train")
    run.edge(trained, model, "trained-on" if selection["share"] else "tried")
    for folder in dev_sets(work):
        run.edge(dataset(run, facts.inputs, "dev_sets", folder.name), model, "selected-on")
    for one in fusion_sets(work, facts.inputs, run) if selection["share"] else ():
        run.edge(one, model, "fusion")
    for name in ("base model", "start"):
        if name in facts.inputs:
            run.edge(run.artefact("model", facts.inputs[name], name.split()[0]), model, "tuned-from")
    teacher: dict[str, Any] = selection["training"].get("teacher") or {}
    if teacher.get("name") == "llm":
        role = "rated" if teacher.get("used") and selection["share"] else "tried"
        for call in _rating(work, run):
            run.edge(call, model, role)


def _rating(work: Workspace, run: Run) -> Iterable[Node]:
    """The requests whose ratings of this run's queries and passages were distilled."""
    asked = set(run.known("query"))
    for path in (work.dev_sets / LABELLED / "queries.jsonl", work.labelled / "queries.jsonl"):
        if path.is_file():
            asked |= {line["_id"] for line in read_jsonl(path, dict)}
    asked |= {query["id"] for query in read_json(work.mining)["masked"]}
    calls = requests(work, run, run.known("chunk"), asked, ("rated",))
    return {call.id: call for found in calls.values() for call in found}.values()


def read_evaluate(work: Workspace, facts: Facts, run: Run) -> None:
    passages = passages_of(run, facts.inputs["chunks"])
    report = run.artefact("report", facts.outputs["report"], work.report.name)
    # masked pseudo-queries choose, and stand in no report
    sets = [("dev_sets", folder.name) for folder in dev_sets(work) if folder.name != MASKED]
    sets += [("test", "test"), *(("labelled", split) for split in labelled_splits(work) if split != "train")]
    for name, part in sets:
        run.edge(dataset(run, facts.inputs, name, part), report, "measured-on")
    run.edge(_model(work, facts, run), report, "reported")
    calibration = read_calibration(work.calibration)
    if calibration is not None:
        fitted = run.artefact("calibration", facts.outputs["calibration"], work.calibration.name)
        name, part = (
            ("labelled", "dev") if calibration.fitted_on == LABELLED else ("dev_sets", calibration.fitted_on)
        )
        run.edge(dataset(run, facts.inputs, name, part), fitted, "calibration")
        run.edge(passages, fitted, "calibration")
    if "compression" in facts.outputs:
        fitted = run.artefact("compression", facts.outputs["compression"], work.compression.name)
        run.edge(passages, fitted, "compression")


def read_export(work: Workspace, facts: Facts, run: Run) -> None:
    """A bundle of the base's weights is shaped by what chose its fusion and by the verdict, not by the training."""
    exported = Bundle.load(work.bundle)
    manifest = exported.manifest
    bundle = run.artefact("bundle", bundle_digest(exported), manifest.name)
    model = run.artefact("model", manifest.model_digest, manifest.weights)
    run.edge(model, bundle, "exported")
    if manifest.weights == "base":
        if (
            manifest.base.digest != manifest.model_digest
        ):  # a map that changes nothing of an endpoint's vectors
            run.edge(run.artefact("model", manifest.base.digest, "base"), model, "tuned-from")
        _base_fusion(work, run, bundle)
    run.edge(run.artefact("report", facts.inputs["report"], work.report.name), bundle, "decided")
    for name in (CALIBRATION, COMPRESSION):
        kind: Literal["calibration", "compression"] = "calibration" if name == CALIBRATION else "compression"
        if (work.bundle / name).is_file():
            run.edge(run.artefact(kind, facts.inputs[kind], name), bundle, "exported")
    chunks = {without_secrets(name): node for name, node in run.known("chunk").items()}  # as in the summary
    for told, role in (("compared_on", "compared-on"), ("calibrated_on", "int8")):
        for identifier in facts.summary.get(told, ()):
            if identifier in chunks:
                run.edge(chunks[identifier], bundle, role)


def _base_fusion(work: Workspace, run: Run, bundle: Node) -> None:
    if work.mining.is_file():
        run.edge(run.artefact("fusion", digest_path(work.mining), "the base's"), bundle, "exported")


def _model(work: Workspace, facts: Facts, run: Run) -> Node:
    """WORK's model; its weights were read when train was recorded."""
    known = run.known("model").get(facts.inputs["model"])
    return known or run.artefact("model", weights_digest(work.model), "tuned")
