"""Which stages' runs are behind a report: each wrote what the next one read, as the digests in their manifests say."""

from typing import Any

import msgspec

from idiolect.files import digest_path, read_json
from idiolect.lifecycle.cards.described import StageRun
from idiolect.workspace import Workspace

_BEFORE = ("train", "prepare", "generate", "ingest")
"""The stages before evaluate, the last first."""


def runs_behind(work: Workspace) -> list[StageRun]:
    """From the first stage to evaluate, the latest runs that fed it; those that no manifest tells of are missing."""
    if not work.report.is_file():
        return []
    report, all_runs = digest_path(work.report), _manifests(work)
    found = [run for run in all_runs if run.stage == "evaluate" and _outputs(run).get("report") == report][
        -1:
    ]
    for stage in _BEFORE:
        feeding = [
            run
            for run in all_runs
            if run.stage == stage and found and run.started <= found[0].started and _feeds(run, found)
        ]
        found = [*feeding[-1:], *found]
    return found


def audited(work: Workspace, runs: list[StageRun]) -> str:
    """SEQ:HASH of the audit log's last entry that names a manifest of these runs; "" where none does."""
    names = {run.file for run in runs}
    if not names or not work.audit.is_file():
        return ""
    found = ""
    for line in work.audit.read_bytes().splitlines():
        try:
            entry: Any = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue  # a line that a killed process tore; `idiolect audit verify` judges the log
        facts = entry.get("facts") if isinstance(entry, dict) else None
        if isinstance(facts, dict) and facts.get("manifest") in names:
            found = f"{entry['seq']}:{entry['hash']}"
    return found


def _manifests(work: Workspace) -> list[StageRun]:
    """In the order in which they were written; what is no stage's manifest is none."""
    runs = []
    for path in sorted(work.manifests.glob("*.json")):
        facts = read_json(path)
        if isinstance(facts, dict) and facts.keys() >= {"stage", "started", "inputs", "outputs", "summary"}:
            runs.append(StageRun(file=path.name, sha256=digest_path(path), facts=facts))
    return runs


def _feeds(run: StageRun, readers: list[StageRun]) -> bool:
    """Whether something that it wrote was read by one of these, and nothing that they read was written otherwise."""
    outputs = _outputs(run)
    pairs = [
        (outputs[name], digest)
        for reader in readers
        for name, digest in reader.section("inputs").items()
        if name in outputs
    ]
    return bool(pairs) and all(wrote == read for wrote, read in pairs)


def _outputs(run: StageRun) -> dict[str, Any]:
    return dict(run.section("outputs"))
