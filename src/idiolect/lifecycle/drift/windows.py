"""WORK/drift.jsonl: one line a window, without a text; and what is an alarm."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from idiolect.errors import DriftError, InputError
from idiolect.files import read_jsonl, write_jsonl
from idiolect.lifecycle.drift.findings import Finding, SideName, Untested
from idiolect.records import Record

_TAIL = 1_000_000  # bytes: a window of the most slices has a tenth of it


class Against(Record, frozen=True, kw_only=True):
    """What was compared with: "training", "window" or "file"; `taken`, UTC: when one of the latter became it."""

    kind: str
    digest: str
    texts: int
    taken: str = ""

    def is_same(self, other: "Against") -> bool:
        """Whether it is the same reference; one that was taken stays so when what expired has left it."""
        mine, its = (one.taken or one.digest for one in (self, other))
        return self.kind == other.kind and mine == its


Status = Literal["counted", "reference", "too few"]
"""What became of a side: it was compared, it became what later ones are held against, or nothing can be told of it."""


class Side(Record, frozen=True, kw_only=True):
    """Queries, or documents. `digest` is of the current texts; `reason` says why it does not count, where it does not.

    `texts` are those of the window, `compared` those that took part; `facts`: further counts.
    """

    name: SideName
    status: Status
    digest: str
    texts: int
    compared: int
    reference: Against
    reason: str = ""
    facts: dict[str, int] = {}
    findings: list[Finding] = []
    untested: list[Untested] = []

    @property
    def counted(self) -> bool:
        return self.status == "counted"


class Window(Record, frozen=True, kw_only=True):
    """One look. `taken`, `since` and `until` are UTC, ISO 8601, "" where no period was looked at; `model` is what was
    served, by its weights' digest; `alarms`: "queries: mmd" …"""

    taken: str
    since: str = ""
    until: str = ""
    model: str
    name: str
    digest: str
    sides: list[Side]
    alarm: bool = False
    alarms: list[str] = []


def read_windows(path: Path) -> list[Window]:
    """Oldest first; empty where there is no file. Raises DriftError for a line that is no window."""
    try:
        return list(read_jsonl(path, Window)) if path.is_file() else []
    except InputError as error:
        raise DriftError(f"{error}: move the file away to begin anew") from None


def last_window(path: Path) -> Window | None:
    """The one that was written last, read from the file's end; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _TAIL, 0))
            lines = file.read().splitlines()
        return msgspec.json.decode(lines[-1], type=Window) if lines else None
    except (OSError, msgspec.MsgspecError):
        return None


def add(path: Path, window: Window, needed: int) -> Window:
    """Write a window with its streaks and alarms, in the place of an earlier look at the same texts; return it."""
    windows = read_windows(path)
    place = next((at for at, one in enumerate(windows) if one.digest == window.digest), len(windows))
    windows[place : place + 1] = [window]
    for at in range(place, len(windows)):  # what followed the earlier look follows this one
        windows[at] = judged(windows[at], windows[:at], needed)
    write_jsonl(path, windows)
    return windows[place]


def standing(windows: Sequence[Window]) -> list[str]:
    """The alarms that stand, "queries: mmd" …: those of each side's last look that could tell anything."""
    last: dict[SideName, list[str]] = {}
    for window in windows:
        for side in window.sides:
            if side.status != "too few":
                last[side.name] = [f"{side.name}: {found.key}" for found in side.findings if found.alarm]
    return [alarm for alarms in last.values() for alarm in alarms]


def judged(window: Window, earlier: Sequence[Window], needed: int) -> Window:
    """With the streak of each finding: so many windows in a row, one after the other, in which it was drifted.

    A window follows another where it looks at other texts, at the same reference with the same model, and at a time
    that does not overlap; windows that were not counted are passed over.
    """
    sides = []
    for side in window.sides:
        before = _before(side, window, earlier) if side.counted else None
        streaks = {found.key: found.streak for found in before.findings} if before else {}
        found = [_with_streak(one, streaks, side.counted, needed) for one in side.findings]
        sides.append(msgspec.structs.replace(side, findings=found))
    alarms = [f"{side.name}: {found.key}" for side in sides for found in side.findings if found.alarm]
    return msgspec.structs.replace(window, sides=sides, alarms=alarms, alarm=bool(alarms))


def _with_streak(found: Finding, streaks: dict[str, int], counted: bool, needed: int) -> Finding:
    streak = streaks.get(found.key, 0) + 1 if counted and found.drifted else 0
    return msgspec.structs.replace(found, streak=streak, alarm=streak >= needed)


def _before(side: Side, window: Window, earlier: Sequence[Window]) -> Side | None:
    for other in reversed(earlier):
        if window.since and other.until > window.since:
            continue
        for held in other.sides:
            if held.name != side.name or not held.counted or held.digest == side.digest:
                continue
            same = held.reference.is_same(side.reference) and other.model == window.model
            return held if same else None
    return None
