"""A new WORK with what the old one had before it ran: answers that were paid for, prompts, the frozen test."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from idiolect.errors import AuditError, UsageError
from idiolect.estimates.paid import reading
from idiolect.files import digest_path, read_json, replacing, write_json
from idiolect.lifecycle.audit.manifests import StageManifest
from idiolect.workspace import Workspace

MARK = "reproduces.json"
"""In a WORK that reproduces: the digest of the manifest."""


def claim(again: Workspace, original: Workspace | None, manifest: Path) -> None:
    """Make the folder, or go on with it where it was made for the same manifest.

    Raises UsageError where it holds anything else: what lies there would go into the result.
    """
    mark, told = again.root / MARK, {"manifest": manifest.name, "sha256": digest_path(manifest)}
    if original and again.root.resolve() == original.root.resolve():
        raise UsageError(f"{again.root} is the WORK that the manifest is of: give another folder with -w")
    if mark.is_file():
        if read_json(mark) != told:
            raise UsageError(f"{again.root} reproduces another manifest: give another folder with -w")
    elif again.root.exists() and (not again.root.is_dir() or any(again.root.iterdir())):
        raise UsageError(f"{again.root} is not empty: give a new folder with -w")
    else:
        write_json(mark, told)


def seed(
    again: Workspace, original: Workspace | None, manifests: dict[str, StageManifest], pay: bool
) -> list[str]:
    """Copy what is not there yet; a line for each thing that is no longer as it was.

    Raises AuditError where an LLM would have to be paid again and `pay` does not allow it.
    """
    asked = any(one.llm for one in manifests.values())
    if asked and not again.llm_cache.exists():
        if original and original.llm_cache.is_file():
            _copy_answers(original.llm_cache, again.llm_cache)
        elif not pay:
            raise AuditError(
                "the LLM's answers are not in the cache of the WORK that the manifest is of: copy its "
                "cache/llm.sqlite there, or allow that all are asked and paid for again with --pay"
            )
    lost = []
    if original and original.suppressed.is_file():
        if not again.suppressed.exists():
            with replacing(again.suppressed) as copy:
                shutil.copyfile(original.suppressed, copy)
        lost.append("documents were erased from the original WORK: they stay out of this one too")
    generated, prepared = manifests.get("generate"), manifests.get("prepare")
    read = (
        (generated, "focuses"),
        (generated, "styles"),
        (generated or prepared, "carried"),
        (prepared, "learnt_queries"),
    )
    for reader, name in read:
        digest = reader.inputs.get(name) if reader else None
        if digest and not _take(again, original, name, digest):
            lost.append(f"{name} of the original WORK is gone or was edited")
    if prepared and prepared.summary.get("test_kept"):
        digest = prepared.outputs.get("frozen_test", "")
        if not _take(again, original, "frozen_test", digest):
            lost.append("the frozen test of an earlier run is gone or was edited: the test is drawn anew")
    return lost


def _copy_answers(source: Path, target: Path) -> None:
    with (
        replacing(target) as copy,
        reading(source) as connection,
        contextlib.closing(sqlite3.connect(copy)) as new,
    ):
        connection.backup(new)


def _take(again: Workspace, original: Workspace | None, name: str, digest: str) -> bool:
    """Copy a thing that still has its digest; whether it is there now."""
    target: Path = getattr(again, name)
    if target.exists():
        return True
    source: Path | None = getattr(original, name) if original else None
    if not source or not source.exists() or digest_path(source) != digest:
        return False
    with replacing(target) as copy:
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copyfile(source, copy)
    return True
