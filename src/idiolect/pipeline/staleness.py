"""Why a stage must run, from what the lock file says of the last time."""

from collections.abc import Collection
from typing import Any

from idiolect.errors import WorkspaceError
from idiolect.files import read_json
from idiolect.pipeline.keys import digests_of, settings_of
from idiolect.pipeline.table import STAGES, Stage
from idiolect.stages.context import Context

UNFINISHED: dict[str, Any] = {"unfinished": True}
"""What the lock file says of a stage that has begun; a killed one leaves it there."""


_REFRESHED = ("focuses", "carried", "learnt_queries")
"""Inputs that other commands write between two runs, for the next one to take in."""


def staleness(context: Context, stage: Stage, key: dict[str, Any]) -> str:
    """Why the stage must run; empty where it need not."""
    lock = locks_of(context).get(stage.name)
    if lock is None:
        return "first run"
    if lock == UNFINISHED:
        return "it did not finish the last time"
    if lock["version"] != key["version"]:
        return "idiolect changed"
    for kind in ("settings", "inputs"):
        changed = _changed(lock[kind], key[kind])
        if changed:
            return f"changed: {', '.join(changed)}"
    outputs = digests_of(context, stage.writes)
    altered = [
        getattr(context.workspace, name).name
        for name in lock["outputs"]
        if outputs.get(name) != lock["outputs"][name]
    ]
    return f"altered or missing: {', '.join(altered)}" if altered else ""


def _changed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Names whose values differ, sections down to their keys."""
    names: list[str] = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            names += [
                f"{name}.{key}" for key in sorted({*before, *after}) if before.get(key) != after.get(key)
            ]
        elif before != after:
            names.append(name)
    return names


def changed_settings(context: Context, without: Collection[str] = ()) -> list[str]:
    """The settings that are others than when the stages last ran, as dotted keys; `without` names some that may be."""
    locks = locks_of(context)
    changed: dict[str, None] = {}
    for stage in STAGES:
        then = locks.get(stage.name, {}).get("settings")
        if then is not None:
            changed |= dict.fromkeys(_changed(then, settings_of(context, stage)))
    return [name for name in changed if name not in without]


def finished(context: Context, touched: Collection[str] = ()) -> dict[str, Any]:
    """Stage → its inputs' digests of the last run that went through to the export.

    `touched`: further inputs, by name, that may be newer, as nothing in them that counts has changed.  Raises
    WorkspaceError where a stage has not run, did not finish, or read other files than lie in WORK now.
    """
    locks, work = locks_of(context), context.workspace
    for stage in STAGES:
        lock = locks.get(stage.name)
        if not lock or lock == UNFINISHED:
            raise WorkspaceError(
                f"`idiolect {stage.name}` has not finished in {work.root}: finish it with `idiolect run` first"
            )
        for name, digest in digests_of(context, stage.reads).items():
            if name not in (*_REFRESHED, *touched) and lock["inputs"].get(name) != digest:
                raise WorkspaceError(
                    f"{getattr(work, name).name} in {work.root} is newer than what `idiolect {stage.name}` made of it: "
                    "bring that to its end with `idiolect run` first"
                )
    return {name: lock["inputs"] for name, lock in locks.items()}


def locks_of(context: Context) -> dict[str, Any]:
    path = context.workspace.stage_lock
    locks: dict[str, Any] = read_json(path) if path.exists() else {}
    return locks


def refuse_unfinished(context: Context, stage: Stage) -> None:
    """Raise WorkspaceError where a stage that makes what this one reads was killed or failed: old and new would mix."""
    locks = locks_of(context)
    for maker in STAGES:
        if locks.get(maker.name) == UNFINISHED and not set(maker.writes).isdisjoint(stage.reads):
            raise WorkspaceError(
                f"`idiolect {maker.name}` did not finish in {context.workspace.root}: run it again before "
                f"`idiolect {stage.name}`"
            )
