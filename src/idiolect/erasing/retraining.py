"""The queue of trainings that an erasure asks for: one command that makes WORK anew as its last run did."""

import datetime
import shlex
from typing import Any

import msgspec

from idiolect.config import Config
from idiolect.files import read_json, write_json
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
