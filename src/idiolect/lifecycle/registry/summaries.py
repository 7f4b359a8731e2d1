"""A bundle and its WORK as a version's tags and an MLflow run's metrics."""

import datetime
import re

from idiolect.bundle import Bundle, bundle_digest
from idiolect.config import Licences
from idiolect.evaluation.report import Decision, Report
from idiolect.files import read_json, read_jsonl
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.erasure.taint import MARK, tainted_by
from idiolect.lifecycle.licences.redistribution import redistribution
from idiolect.lifecycle.licences.summary import listed
from idiolect.lifecycle.licences.untrainable import denied_to_train
from idiolect.lifecycle.registry.versions import Version
from idiolect.records import Document
from idiolect.runtimes.layout import MANIFEST
from idiolect.workspace import Workspace

_FOREIGN = re.compile(r"[^\w.\- :/]")
"""What MLflow does not take in a metric's name."""


def version_of(
    bundle: Bundle, work: Workspace | None, report: Report | None, name: str, domain: str, policy: Licences
) -> Version:
    """What can be said of a bundle before the registry has given it a number; `policy` is [licences] as it is now."""
    manifest = bundle.manifest
    decision = deciding(report) if report is not None else None
    return Version(
        name=name,
        version=0,
        digest=bundle_digest(bundle),
        model_digest=manifest.model_digest,
        bundle_name=manifest.name,
        created=_created(bundle, work),
        published=now(),
        base=manifest.base.name,
        base_digest=manifest.base.digest,
        weights=manifest.weights,
        verdict=manifest.verdict,
        run_id="",
        domain=domain,
        metric=report.metric if report is not None else "",
        gain=decision.comparison.delta if decision is not None else None,
        bytes=sum(file.bytes for file in manifest.files),
        audit_head=_audit_head(work),
        taint=_taint(bundle, work),
        licences=denied_to_train(work, {bundle_digest(bundle), manifest.model_digest}, policy)
        if work
        else "",
        redistribution=_not_to_be_handed_on(bundle, work, policy),
    )


def deciding(report: Report) -> Decision:
    return next(decision for decision in report.decisions.values() if decision.decides)


def metrics_of(report: Report) -> dict[str, float]:
    """Every mean of the report as `DATASET/RUN/ndcg_at_10`, and the deciding comparison as `gain`, `gain_low` …"""
    found = {
        f"{dataset}/{run}/{metric}": value
        for dataset, held in report.datasets.items()
        for run, metrics in held.runs.items()
        for metric, value in metrics.items()
    }
    comparison = deciding(report).comparison
    (low, high), gain = comparison.ci95, comparison.delta
    found |= {"gain": gain, "gain_low": low, "gain_high": high, "gain_p": comparison.p}
    return {_FOREIGN.sub("_", name.replace("@", "_at_")): value for name, value in found.items()}


def run_of(weights: str, target: str) -> str:
    """The report's run that stands for what a bundle serves: "dense-tuned", "hybrid-base" …"""
    return f"{'hybrid' if target == 'retriever' else 'dense'}-{weights}"


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _created(bundle: Bundle, work: Workspace | None) -> str:
    """When WORK exported it, else the time of its manifest."""
    for path in sorted(work.manifests.glob("*-export.json"), reverse=True) if work is not None else ():
        return str(read_json(path)["started"])
    changed = (bundle.path / MANIFEST).stat().st_mtime
    return datetime.datetime.fromtimestamp(changed, datetime.UTC).isoformat(timespec="seconds")


def _audit_head(work: Workspace | None) -> str:
    return str(Chain(work.audit).head()) if work is not None and work.audit.is_file() else ""


def _not_to_be_handed_on(bundle: Bundle, work: Workspace | None, policy: Licences) -> str:
    """The licences of WORK's documents that deny it; the base's own weights were not made of documents."""
    if work is None or bundle.manifest.weights == "base" or not work.documents.is_file():
        return ""
    return listed(redistribution(read_jsonl(work.documents, Document), policy).denied)


def _taint(bundle: Bundle, work: Workspace | None) -> str:
    """MARK where WORK's list of tainted artefacts names this bundle or its weights."""
    if work is None:
        return ""
    return MARK if tainted_by(work.taint, {bundle_digest(bundle), bundle.manifest.model_digest}) else ""
