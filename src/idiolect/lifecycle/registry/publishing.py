"""A bundle becomes a version: its files first, the version last, at once; killed before, it shows nowhere."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import msgspec

from idiolect.bundle import Bundle, is_bundle
from idiolect.config import Licences
from idiolect.errors import IdiolectError, RegistryError
from idiolect.evaluation.report import Report, read_report
from idiolect.files import read_json, write_json, write_jsonl
from idiolect.lifecycle.registry.backend import Backend
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.chronicle import record
from idiolect.lifecycle.registry.references import checked_domain, checked_name
from idiolect.lifecycle.registry.scores import SCORES, scores_of
from idiolect.lifecycle.registry.summaries import metrics_of, version_of
from idiolect.lifecycle.registry.versions import BUNDLE, Version, to_tags
from idiolect.workspace import Workspace

BUNDLE_PART = "bundle"
REPORT = "report.json"
MANIFESTS = "manifests"
KEPT = ("train", "evaluate", "export")
"""The stages whose last manifests go along."""

ABANDONED = 24 * 3600.0
"""Seconds after which a server's run without a version was left by a process that died."""


def given(path: Path) -> tuple[Bundle, Workspace | None]:
    """The bundle at `path`, or in the WORK there, and the WORK that it lies in, if it does. Raises BundleError."""
    if not is_bundle(path) and is_bundle(Workspace(path).bundle):
        path = Workspace(path).bundle
    work = Workspace(path.resolve().parent)
    return Bundle.load(path), work if work.report.is_file() and work.bundle == path.resolve() else None


def publish(
    registry: Registry,
    bundle: Bundle,
    work: Workspace | None = None,
    name: str = "",
    domain: str = "",
    extra: Mapping[str, Path] | None = None,
    policy: Licences | None = None,
) -> tuple[Version, bool]:
    """The version that holds a bundle, and whether it is new: the same bytes are one version, however often published.

    With `work` its report, scores and manifests go along, without a query or passage; `extra` are further files by
    name; `policy` is [licences] as it is now, and what it denies by now is marked on a version that is not new too.
    Raises BundleError where the bundle is not whole, RegistryError where the registry fails, or WORK's report is of
    another run than the bundle.
    """
    name, domain = checked_name(name or bundle.manifest.name), checked_domain(domain)
    bundle.verify()
    backend = registry.backend
    report = _report(bundle, work)
    described = version_of(bundle, work, report, name, domain, policy or Licences())
    with backend.storage.alone() if backend.storage is not None else nullcontext():
        _clean(registry)
        before = registry.versions(name)
        for known in before:
            if known.digest == described.digest:
                return _denied_since(registry, known, described), False
        if before and not domain:
            described = msgspec.structs.replace(described, domain=before[-1].domain)
        version = _published(registry, described, bundle, work, report, extra)
    return version, True


def _denied_since(registry: Registry, known: Version, described: Version) -> Version:
    """A published version, marked with what licences deny by now; a mark is taken back by whoever knows why."""
    now = {"licences": described.licences, "redistribution": described.redistribution}
    marks = {name: value for name, value in now.items() if value and value != getattr(known, name)}
    if marks:
        registry.mark(known, **marks)
    return msgspec.structs.replace(known, **marks)


def _published(
    registry: Registry,
    version: Version,
    bundle: Bundle,
    work: Workspace | None,
    report: Report | None,
    extra: Mapping[str, Path] | None,
) -> Version:
    backend = registry.backend
    run = backend.start_run(f"{version.name} {version.digest[:12]}", to_tags(version, BUNDLE))
    with _discarded_on_failure(backend, run):
        backend.put(run, bundle.path, BUNDLE_PART)
        if work is not None and report is not None:
            _put_findings(backend, run, work, report)
        for name, path in (extra or {}).items():
            backend.put(run, path, name if path.is_dir() else None)
        if report is not None:
            backend.log_metrics(run, metrics_of(report))
        backend.ensure_model(version.name, BUNDLE)
        entry = backend.create_version(
            version.name, backend.source(run, BUNDLE_PART), run, to_tags(version, BUNDLE)
        )
    first = registry.versions(version.name, digest=version.digest)[0]
    if first.version != int(entry.version):  # another process published the same to a server meanwhile
        backend.delete_version(version.name, int(entry.version))
        backend.discard_run(run)
        return first
    _record(backend, first)
    backend.finish_run(run)
    return first


def _record(backend: Backend, version: Version) -> None:
    told = {"version": version.version, "digest": version.digest, "verdict": version.verdict}
    record(backend, "publish", model=version.name, domain=version.domain, **told)


def _put_findings(backend: Backend, run: str, work: Workspace, report: Report) -> None:
    """The report without its examples, which quote, the scores, and the last manifest of the stages that made it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_json(folder / REPORT, msgspec.structs.replace(report, won=[], lost=[]))
        if work.per_query.is_file():
            write_jsonl(folder / SCORES, scores_of(work, report))
        for stage in KEPT:
            if manifest := _last(work, stage):
                write_json(folder / MANIFESTS / f"{stage}.json", manifest)
        backend.put(run, folder)


def _report(bundle: Bundle, work: Workspace | None) -> Report | None:
    """WORK's report. Raises RegistryError where it is not of the run that exported the bundle."""
    if work is None or not work.report.is_file():
        return None
    report = read_report(work.report)
    if report.verdict != bundle.manifest.verdict:
        raise RegistryError(
            f"{work.report} says {report.verdict!r} and the bundle {bundle.manifest.verdict!r}: they are of two runs; "
            f"`idiolect export -w {work.root}` exports what was evaluated last"
        )
    exported, evaluated = (_last(work, stage) for stage in ("export", "evaluate"))
    if exported and evaluated and exported["started"] < evaluated["started"]:
        raise RegistryError(
            f"{work.root} was evaluated again since its bundle was exported, and the report is no longer the bundle's: "
            f"`idiolect export -w {work.root}` exports what was evaluated last"
        )
    return report


def _last(work: Workspace, stage: str) -> Any:
    """The manifest of a stage's last run; None where there is none."""
    return next((read_json(path) for path in sorted(work.manifests.glob(f"*-{stage}.json"))[-1:]), None)


@contextmanager
def _discarded_on_failure(backend: Backend, run: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(IdiolectError):
            backend.discard_run(run)
        raise


def _clean(registry: Registry) -> None:
    """Put right what killed processes left: runs without a version go, those that have one are logged and ended.

    A folder's are all left over, for nobody else publishes into it now; a server's are where they are a day old.
    """
    backend = registry.backend
    for run, began in backend.unfinished(BUNDLE):
        if backend.storage is None and time.time() - began < ABANDONED:
            continue
        published = registry.versions(run=run)
        if not published:
            backend.discard_run(run)
            continue
        for version in published:
            _record(backend, version)
        backend.finish_run(run)
