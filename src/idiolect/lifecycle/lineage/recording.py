"""What each stage's files in WORK say of what shaped what, recorded once a stage run."""

import datetime
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from idiolect.bundle import Bundle, bundle_digest
from idiolect.errors import AuditError, IdiolectError
from idiolect.files import digest_path, digest_value, read_json
from idiolect.lifecycle.lineage import corpus, models, splits, written
from idiolect.lifecycle.lineage.facts import Facts
from idiolect.lifecycle.lineage.store import Lineage, opened
from idiolect.lifecycle.lineage.writing import Run
from idiolect.runtimes.layout import ADDED
from idiolect.workspace import Workspace

_READERS: dict[str, Callable[[Workspace, Facts, Run], None]] = {
    "ingest": corpus.read_ingest,
    "generate": written.read_generate,
    "prepare": splits.read_prepare,
    "train": models.read_train,
    "evaluate": models.read_evaluate,
    "export": models.read_export,
}
"""Stage → what reads its files, in the order in which they need one another's nodes."""


def record(work: Workspace, fresh: str = "") -> dict[str, str]:
    """Record the last run of each stage that is not in WORK/lineage.db yet; those that cannot be → why.

    Earlier runs are recorded too, where the files that they read and wrote are still there as they were:
    so a WORK that is older than its lineage gets one.  `fresh` names the stage that has just run, whose
    files need no check.  Raises AuditError where lineage.db cannot be used.
    """
    with opened(work.lineage) as lineage:
        left: dict[str, str] = {}
        for stage, reader in _READERS.items():
            manifest = _last(work, stage)
            if manifest is None or _is_recorded(lineage, manifest.name):
                continue
            reason = f"{next(iter(left))} is not recorded" if left else ""
            try:
                facts = msgspec.convert(read_json(manifest), Facts)
                reason = reason or ("" if stage == fresh else _changed(work, facts))
                if not reason:
                    _record(lineage, work, manifest.name, facts, reader)
            except (IdiolectError, msgspec.ValidationError, OSError, KeyError) as error:
                reason = f"its files cannot be read ({error})"
            if reason:
                left[stage] = reason
        return left


def unrecorded(lineage: Lineage, work: Workspace) -> list[str]:
    """The manifests of stage runs that the graph knows nothing of."""
    return [
        path.name for path in sorted(work.manifests.glob("*.json")) if not _is_recorded(lineage, path.name)
    ]


def changed(work: Workspace, stage: str) -> str:
    """Which files of a stage's last run are no longer as it read or wrote them; empty where all are, or it never ran.

    Raises as reading its manifest does.
    """
    manifest = _last(work, stage)
    return _changed(work, msgspec.convert(read_json(manifest), Facts)) if manifest else ""


def record_index(work: Workspace, bundle: Bundle, uri: str) -> None:
    """Record that the store at `uri`, a URI without password, holds WORK's passages in vectors of the bundle's model.

    Raises AuditError where lineage.db cannot be used, or WORK's documents are not those of its manifests.
    """
    left = record(work)
    if "ingest" in left or _last(work, "ingest") is None:
        reason = left.get("ingest", "it has no manifest of ingest")
        raise AuditError(
            f"the index is not in {work.lineage}: {reason}; run `idiolect ingest` and index again"
        )
    started = datetime.datetime.now(datetime.UTC)
    with opened(work.lineage) as lineage, lineage.transaction():
        key = f"{started:%Y%m%dT%H%M%S%f}-index"
        run = Run(lineage, key, "index", started.isoformat(timespec="seconds"), 0.0)
        digest = bundle_digest(bundle)
        passages = digest_path(work.chunks)
        index = run.artefact("index", digest_value([uri, digest, passages]), uri)
        run.edge(corpus.indexed_of(run, work, passages), index, "indexed")
        run.edge(run.artefact("bundle", digest, bundle.manifest.name), index, "encoded")
        run.finish()


def _record(
    lineage: Lineage,
    work: Workspace,
    manifest: str,
    facts: Facts,
    reader: Callable[[Workspace, Facts, Run], None],
) -> None:
    try:
        with lineage.transaction():
            run = Run(lineage, manifest, facts.stage, facts.started, facts.seconds)
            reader(work, facts, run)
            run.finish()
    except sqlite3.IntegrityError as error:
        raise AuditError(f"{lineage.path} is damaged ({error}): delete it, and it is recorded anew") from None


def _last(work: Workspace, stage: str) -> Path | None:
    return max(work.manifests.glob(f"*-{stage}.json"), default=None)


def _is_recorded(lineage: Lineage, manifest: str) -> bool:
    found = lineage.connection.execute(
        "SELECT 1 FROM nodes WHERE kind = ? AND key = ?", (lineage.kinds["run"], manifest)
    )
    return found.fetchone() is not None


def _changed(work: Workspace, facts: Facts) -> str:
    """Which of a run's files are no longer what its manifest says; empty where all are."""
    named: dict[str, Any] = {**facts.inputs, **facts.outputs}
    changed = []
    for name, digest in named.items():
        path = getattr(work, name, None)
        if isinstance(path, Path) and (not path.exists() or digest_path(path, ADDED) != digest):
            changed.append(path.name)
    return f"changed or gone since: {', '.join(changed)}" if changed else ""
