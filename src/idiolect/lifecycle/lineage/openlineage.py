"""Stage runs as OpenLineage events: what others' catalogues of data read.

The events follow https://openlineage.io/spec/2-0-2/OpenLineage.json, one START and one COMPLETE a run.
They come from WORK's manifests, and hold names, digests and counts, never text.
"""

import datetime
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from idiolect import __version__
from idiolect.errors import AuditError, InputError
from idiolect.files import read_json, write_jsonl
from idiolect.lifecycle.lineage.facts import Facts
from idiolect.workspace import Workspace

PRODUCER = "https://pypi.org/project/idiolect"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
NAMESPACE = "idiolect"

_FACETS = "https://openlineage.io/spec/facets"
_VERSION = f"{_FACETS}/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"
_ENGINE = f"{_FACETS}/1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet"
_JOB = f"{_FACETS}/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"

Event = dict[str, Any]


def write_events(work: Workspace, path: Path) -> int:
    """Write the events of all of WORK's stage runs as JSON lines, in the order of time; how many.

    Raises AuditError where WORK has no manifest, or one that cannot be read.
    """
    return write_jsonl(path, events(work))


def events(work: Workspace) -> Iterator[Event]:
    manifests = sorted(work.manifests.glob("*.json"))
    if not manifests:
        raise AuditError(f"{work.manifests} holds no manifest: `idiolect run` writes one for each stage")
    for path in manifests:
        try:
            facts = msgspec.convert(read_json(path), Facts)
        except (InputError, msgspec.ValidationError) as error:
            raise AuditError(f"{path} is no manifest of a stage ({error})") from None
        yield from _of_run(work, path.name, facts)


def _of_run(work: Workspace, manifest: str, facts: Facts) -> Iterator[Event]:
    started = datetime.datetime.fromisoformat(facts.started)
    root = str(work.root.resolve())
    shared = {
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
        "run": {
            # the same run has the same id in every export
            "runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{root}/{manifest}")),
            "facets": {
                "processing_engine": _facet(_ENGINE, version=__version__, name="idiolect"),
            },
        },
        "job": {
            "namespace": NAMESPACE,
            "name": f"{work.root.resolve().name}.{facts.stage}",
            "facets": {
                "jobType": _facet(_JOB, processingType="BATCH", integration="IDIOLECT", jobType="STAGE")
            },
        },
        "inputs": [_dataset(work, name, digest) for name, digest in facts.inputs.items()],
    }
    outputs = [_dataset(work, name, digest) for name, digest in facts.outputs.items()]
    ended = started + datetime.timedelta(seconds=facts.seconds)
    yield {"eventType": "START", "eventTime": started.isoformat(), **shared, "outputs": []}
    yield {"eventType": "COMPLETE", "eventTime": ended.isoformat(), **shared, "outputs": outputs}


def _dataset(work: Workspace, name: str, digest: str) -> dict[str, Any]:
    """A file of WORK under its path; of what lies elsewhere, such as the base, only what it is called."""
    place = getattr(work, name, None)
    inside = isinstance(place, Path)
    return {
        "namespace": "file" if inside else NAMESPACE,
        "name": str(place.resolve()) if isinstance(place, Path) else name,
        "facets": {"version": _facet(_VERSION, datasetVersion=digest)},
    }


def _facet(schema: str, **facts: str) -> dict[str, str]:
    return {"_producer": PRODUCER, "_schemaURL": schema, **facts}
