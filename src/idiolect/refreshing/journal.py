"""A refresh that is under way, in WORK/refreshing.json, and what came of those that ended, in WORK/refreshes.jsonl."""

import datetime
from typing import Any

import msgspec

from idiolect.errors import InputError
from idiolect.evaluation.significance import Comparison
from idiolect.files import read_json, read_jsonl, remove, write_json, write_jsonl
from idiolect.records import Record
from idiolect.refreshing.champion import Champion
from idiolect.workspace import Workspace


class Refreshing(Record, frozen=True, kw_only=True):
    """`began`: UTC, ISO 8601; `news`: why it was begun. The file is written once all is carried over."""

    began: str
    docs: str
    news: list[str]
    champion: Champion


class Came(Record, frozen=True, kw_only=True):
    """How many `documents` and `chunks` are "new", "changed" and "gone" since the round before."""

    documents: dict[str, int]
    chunks: dict[str, int]

    @property
    def any(self) -> bool:
        return any(self.chunks.values())


class Asked(Record, frozen=True, kw_only=True):
    """`kept` queries of the round before, `dropped` ones whose passages changed or went, `written` ones that are new,
    with so many `calls` to an LLM.
    """

    kept: int
    dropped: int
    written: int
    calls: int = 0


class Tested(Record, frozen=True, kw_only=True):
    """One part of the test: the new model against the champion, and whether the verdict rests on it."""

    name: str
    decides: bool
    comparison: Comparison


class Refreshed(Record, frozen=True, kw_only=True):
    """One line of refreshes.jsonl. `champion` was set out from, `version` is what was published, "" for none.

    `gone`: ids of the old test's queries that can no longer be asked; `verdict` and `sentence` are the report's;
    `against`: why the version is not champion, "" elsewhere; `notes`: what else the gate looked at.
    """

    began: str
    ended: str
    champion: str
    news: list[str]
    came: Came | None = None
    asked: Asked | None = None
    tested: list[Tested] = []
    gone: list[str] = []
    verdict: str = ""
    sentence: str = ""
    version: str = ""
    promoted: bool = False
    against: str = ""
    notes: list[str] = []
    next: list[str] = []


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def unfinished(work: Workspace) -> Refreshing | None:
    """The refresh that was begun in WORK and did not end. Raises InputError where the file cannot be read."""
    if not work.refreshing.is_file():
        return None
    try:
        return msgspec.convert(read_json(work.refreshing), Refreshing)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{work.refreshing} cannot be read ({error}): delete it to begin the refresh anew"
        ) from None


def begin(work: Workspace, refreshing: Refreshing) -> None:
    write_json(work.refreshing, refreshing)


def end(work: Workspace, refreshed: Refreshed) -> None:
    """One line more, and the refresh is no longer under way: a killed end is done again, and adds no second line."""
    lines: list[Any] = list(read_jsonl(work.refreshes, dict[str, Any])) if work.refreshes.is_file() else []
    if all(line["began"] != refreshed.began for line in lines):
        write_jsonl(work.refreshes, [*lines, refreshed])
    remove(work.refreshing)


def refreshes(work: Workspace) -> list[Refreshed]:
    """All that ended, the first one first."""
    return list(read_jsonl(work.refreshes, Refreshed)) if work.refreshes.is_file() else []
