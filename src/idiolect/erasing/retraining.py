"""The queue of trainings that an erasure asks for: one command that makes WORK anew as its last run did."""

import datetime
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from idiolect.config import Config
from idiolect.files import read_json, write_json
from idiolect.lifecycle.audit.manifests import BASE
from idiolect.lifecycle.erasure import taint
from idiolect.records import Record
from idiolect.workspace import Workspace


class Retraining(Record, frozen=True, kw_only=True):
    """`command` is to be run in `directory`; `config` is the last run's, whose defaults it leaves out."""

    queued: str
    erasure: str
    directory: str
    command: str
    config: dict[str, Any]


def queue(work: Workspace, erasure: str) -> str:
    """Write the last run's command into WORK/retrain.json; "" where no manifest says what that was."""
    manifests = sorted(work.manifests.glob("*.json"))
    if not manifests:
        return ""
    last = read_json(manifests[-1])
    config, source = last.get("config"), last.get("source", "")
    if config is None:  # a manifest of an older version
        return ""
    config = {**config, "train": {**config["train"], **_untainted(work, manifests)}}
    words = [
        "idiolect",
        "run",
        *([source] if source else ["--from", "generate"]),
        "-w",
        str(work.root.absolute()),
    ]
    for setting in settings_of(config):
        words += ["--set", setting]
    command = shlex.join(words)
    retraining = Retraining(
        queued=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        erasure=erasure,
        directory=last.get("directory", ""),
        command=command,
        config=config,
    )
    write_json(work.retrain, retraining)
    return command


def _untainted(work: Workspace, manifests: Sequence[Path]) -> dict[str, str]:
    """What the last run started from that started from nothing tainted: a refresh starts from a champion."""
    tainted = {one.digest for one in taint.read(work.taint) if one.blocks}
    for path in reversed(manifests):
        manifest = read_json(path)
        digest = manifest.get("inputs", {}).get(BASE)
        if digest and digest not in tainted and "config" in manifest:
            train = manifest["config"]["train"]
            return {"base": train["base"], "start": train["start"]}
    return {}


def settings_of(config: dict[str, Any]) -> list[str]:
    """What differs from the defaults, as --set takes it: JSON's strings, numbers and lists are TOML's."""
    defaults = msgspec.json.decode(msgspec.json.encode(Config()))
    changed = []
    for section, value in config.items():
        if not isinstance(value, dict):
            if value != defaults.get(section):
                changed.append(f"{section}={msgspec.json.encode(value).decode()}")
            continue
        changed += [
            f"{section}.{key}={msgspec.json.encode(item).decode()}"
            for key, item in value.items()
            if item != defaults.get(section, {}).get(key)
        ]
    return changed
