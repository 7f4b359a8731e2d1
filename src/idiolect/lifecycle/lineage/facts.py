"""What lineage takes from a stage run's manifest."""

from typing import Any

from idiolect.records import Record


class Facts(Record, frozen=True, kw_only=True):
    """`inputs` and `outputs` map what a stage reads and writes to digests; named as in the Workspace."""

    stage: str
    started: str
    seconds: float
    settings: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    summary: dict[str, Any] = {}
