"""The pipeline: six stages as a table, and the loop that runs those that are stale."""

from idiolect.pipeline.keys import given, given_now, key_of
from idiolect.pipeline.running import Done, plan, run
from idiolect.pipeline.staleness import changed_settings, finished
from idiolect.pipeline.table import NAMES, STAGES, Stage, between

__all__ = [
    "NAMES",
    "STAGES",
    "Done",
    "Stage",
    "between",
    "changed_settings",
    "finished",
    "given",
    "given_now",
    "key_of",
    "plan",
    "run",
]
