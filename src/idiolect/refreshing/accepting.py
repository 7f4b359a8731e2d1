"""After a promotion: what people asked of late has been learnt, and later queries are held against it."""

import datetime

from idiolect.config import Config
from idiolect.drifting.checking import Given, check
from idiolect.errors import IdiolectError
from idiolect.lifecycle.drift.windows import read_windows
from idiolect.lifecycle.feedback.learnt import read_learnt
from idiolect.lifecycle.feedback.moments import day
from idiolect.progress import Progress
from idiolect.workspace import Workspace


def accept(work: Workspace, config: Config, progress: Progress) -> str:
    """Make the log's queries since the last windows began drift's reference, where the new champion learnt from them.

    Returns what is to be said of it, "" where there is nothing to accept. The refresh is done whatever comes of it, so
    that an error is said too, and not raised.
    """
    try:
        since = _since(work, config.drift.windows)
        if since is None or not any(read_learnt(work.learnt_queries)):
            return ""
        window = check(work, config, Given(since=since, accept=True), progress).window
    except IdiolectError as error:
        return f"drift's reference stays as it was: {error}"
    (side,) = window.sides
    if side.status != "reference":
        return f"drift's reference stays as it was: {side.reason}"
    return f"drift holds later queries against the {side.texts:,} that were asked since {day(window.since)}"


def _since(work: Workspace, windows: int) -> datetime.datetime | None:
    """Where the last so many windows began that held queries of the log against a reference: those of an alarm."""
    told = [
        window.since
        for window in read_windows(work.drift)
        if window.since and any(side.name == "queries" and side.counted for side in window.sides)
    ]
    return datetime.datetime.fromisoformat(told[-windows:][0]) if told else None
