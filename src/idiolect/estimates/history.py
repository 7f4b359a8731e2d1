"""What earlier runs in WORK took: the best measure of a stage on this machine is the stage itself."""

import platform
from collections.abc import Sequence
from typing import Any

import msgspec

from idiolect.config import Config
from idiolect.errors import InputError
from idiolect.files import read_json
from idiolect.lifecycle.audit.manifests import feeds
from idiolect.records import Record
from idiolect.workspace import Workspace

SHORTEST = 5.0
"""Seconds below which a run says more about starting than about working."""


_KEYS = {"stage", "started", "seconds", "settings", "inputs", "summary"}


class Earlier(Record, frozen=True, kw_only=True):
    """One stage's run: its settings and those of the stages behind it as a config, and the summaries of all.

    A stage that is not behind it has an empty summary.
    """

    stage: str
    started: str
    seconds: float
    config: Config
    summary: dict[str, Any]
    ingested: dict[str, Any]
    generated: dict[str, Any]
    prepared: dict[str, Any]


def earlier(work: Workspace) -> dict[str, Earlier]:
    """Stage → its latest run on a machine of this kind that can be compared with one now.

    A second run of prepare with the same base finds its vectors in WORK: the first one counts.
    """
    machine = f"{platform.system()} {platform.machine()}"
    found = [manifest for manifest in manifests(work) if manifest.get("machine") == machine]
    result: dict[str, Earlier] = {}
    encoded: set[str] = set()
    for manifest in found:
        stage = manifest["stage"]
        base = manifest["inputs"].get("base model", "")
        if stage == "prepare":
            if base in encoded:
                continue
            encoded.add(base)
        if manifest["seconds"] >= SHORTEST:
            result[stage] = _earlier(manifest, found)
    return result


def manifests(work: Workspace) -> list[dict[str, Any]]:
    """All that can be read, in the order in which they were written."""
    found = []
    for path in sorted(work.manifests.glob("*.json")):
        try:
            manifest = read_json(path)
        except InputError:
            continue
        if isinstance(manifest, dict) and manifest.keys() >= _KEYS:
            found.append(manifest)
    return found


def _earlier(manifest: dict[str, Any], others: Sequence[dict[str, Any]]) -> Earlier:
    behind = {
        other["stage"]: other
        for other in others
        if other["started"] <= manifest["started"] and feeds(other.get("outputs", {}), manifest["inputs"])
    } | {manifest["stage"]: manifest}
    settings = {name: value for one in behind.values() for name, value in one["settings"].items()}
    summaries = {stage: one["summary"] for stage, one in behind.items()}
    return Earlier(
        stage=manifest["stage"],
        started=manifest["started"],
        seconds=manifest["seconds"],
        config=_config(settings | manifest["settings"]),
        summary=manifest["summary"],
        ingested=summaries.get("ingest", {}),
        generated=summaries.get("generate", {}),
        prepared=summaries.get("prepare", {}),
    )


def _config(settings: dict[str, Any]) -> Config:
    """The settings a manifest holds, everything else at its default."""
    sections: dict[str, Any] = {}
    for name, value in settings.items():
        section, _, key = name.partition(".")
        if key:
            sections.setdefault(section, {})[key] = value
        elif isinstance(value, dict):
            sections.setdefault(section, {}).update(value)
        else:
            sections[section] = value
    try:
        return msgspec.convert(sections, Config)
    except msgspec.ValidationError:
        return Config()
