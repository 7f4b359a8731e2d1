"""The manifest of a stage's run: one file in WORK/manifests, whose digest goes into the audit log."""

import datetime
import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from idiolect import __version__
from idiolect.config import Config
from idiolect.errors import AuditError, InputError
from idiolect.files import digest_path, digest_value, read_json, write_json
from idiolect.lifecycle.audit import provenance
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.audit.figures import figures
from idiolect.readers.naming import printable
from idiolect.records import Record
from idiolect.workspace import Workspace

BASE = "base model"
"""What the base's digest is called among a stage's inputs."""

LOGGED = "stage"
"""The event of the audit log that names a manifest."""

REDACTED = "redacted"
"""The event that gives a manifest's digest anew, after an erasure took a name out of it."""

_CREDENTIALS = re.compile(r"(?<=://)[^/\s?#]*@")
_QUERY = re.compile(r"\?[^#\s]*")


class Ran(Record, frozen=True, kw_only=True):
    """What the pipeline knows of a stage's run: `key` is all that its result depends on, `source` DOCS.

    `outputs` maps names of WORK to digests; `cost` has a bill for each purpose that an LLM was asked for.
    """

    stage: str
    key: dict[str, Any]
    outputs: dict[str, str]
    summary: dict[str, Any]
    started: datetime.datetime
    seconds: float
    source: Path | None = None
    cost: Sequence[Any] = ()


class StageManifest(Record, frozen=True, kw_only=True):
    """The file. `directory` is where the command ran, which relative paths in `config` start from; `source` is DOCS."""

    stage: str
    started: str
    seconds: float
    idiolect: str
    python: str
    machine: str
    key: str
    version: int
    settings: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    summary: dict[str, Any]
    seed: int
    config: dict[str, Any]
    directory: str
    source: str
    code: provenance.Code
    lock: provenance.Lock
    hardware: provenance.Hardware
    base: provenance.BaseModel | None
    llm: provenance.Asked | None
    metrics: dict[str, Any]
    cost: list[Any]


def record(work: Workspace, config: Config, ran: Ran) -> Path:
    """Write the manifest of a stage that has just run, and its digest into the audit log; the manifest's path.

    Addresses lose what may be secret in them: user, password and query. Raises AuditError where the log was changed.
    """
    started = ran.started
    base = ran.key["inputs"].get(BASE)
    manifest = StageManifest(
        stage=ran.stage,
        started=started.isoformat(timespec="seconds"),
        seconds=ran.seconds,
        idiolect=__version__,
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        key=digest_value(ran.key),
        **ran.key,
        outputs=ran.outputs,
        summary=ran.summary,
        seed=config.seed,
        config=msgspec.to_builtins(config),
        directory=printable(str(Path.cwd())),
        source=_source(work, ran),
        code=provenance.code(),
        lock=provenance.lock(),
        hardware=provenance.hardware(),
        base=provenance.base_model(config.train.base, base) if base else None,
        llm=provenance.asked(work, config, ran.stage),
        metrics=figures(work, ran.stage),
        cost=list(ran.cost),
    )
    path = work.manifests / f"{started:%Y%m%dT%H%M%S%f}-{ran.stage}.json"
    write_json(path, without_secrets(msgspec.to_builtins(manifest)))
    Chain(work.audit).append(
        LOGGED,
        stage=ran.stage,
        manifest=path.name,
        sha256=digest_path(path),
        key=manifest.key,
        outputs=ran.outputs,
    )
    return path


def read(path: Path) -> StageManifest:
    """Raises AuditError where there is none, or one that an older idiolect wrote."""
    try:
        return msgspec.convert(read_json(path), StageManifest)
    except FileNotFoundError:
        raise AuditError(f"manifest {path} does not exist: WORK/manifests holds one a stage run") from None
    except (InputError, msgspec.ValidationError, OSError) as error:
        raise AuditError(
            f"{path} is no manifest of a stage that can be read ({error}): give a file of WORK/manifests that this "
            "version of idiolect wrote"
        ) from None


def feeds(outputs: Mapping[str, str], inputs: Mapping[str, str]) -> bool:
    """Whether a run that wrote these is one that another read, as names and digests say."""
    shared = outputs.keys() & inputs.keys()
    return bool(shared) and all(outputs[name] == inputs[name] for name in shared)


def _source(work: Workspace, ran: Ran) -> str:
    """DOCS: as given to ingest, for the other stages as the ingest was given it whose chunks they read."""
    if ran.stage == "ingest":
        # abspath: a link stays as it was given
        return printable(os.path.abspath(ran.source)) if ran.source else ""  # noqa: PTH100
    chunks = ran.key["inputs"].get("chunks")
    for path in sorted(work.manifests.glob("*-ingest.json"), reverse=True):
        ingested = read_json(path)
        if chunks and ingested.get("outputs", {}).get("chunks") == chunks:
            return str(ingested.get("source", ""))
    return ""


def without_secrets(value: Any) -> Any:
    """A JSON value whose addresses have lost user, password and query, keys of objects too."""
    if isinstance(value, str):
        return _QUERY.sub("", _CREDENTIALS.sub("", value)) if "://" in value else value
    if isinstance(value, Mapping):
        return {without_secrets(key): without_secrets(item) for key, item in value.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list | tuple) else value
