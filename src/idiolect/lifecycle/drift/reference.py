"""WORK/drift_reference.json: the real queries that later ones are held against, masked as all of WORK is.

Written queries differ from people's from the first day on, in manner if not in matter: held against these, every window
would be drift.  So the first window of real queries that is large enough becomes the reference.
"""

import datetime
from collections.abc import Callable
from pathlib import Path

import msgspec

from idiolect.errors import DriftError, InputError
from idiolect.files import digest_value, read_json, remove, write_json
from idiolect.lifecycle.drift.windows import Against
from idiolect.records import Record


class Asked(Record, frozen=True, kw_only=True):
    """A query as somebody asked it; `user` is a pseudonym, "" where unknown, `time` UTC, ISO 8601, "" where unknown."""

    text: str
    user: str = ""
    time: str = ""


class Reference(Record, frozen=True, kw_only=True):
    """`kind`: "window" of the feedback log, or "file"; `taken`: when it became the reference."""

    kind: str
    taken: str
    queries: list[Asked]

    @property
    def against(self) -> Against:
        return Against(
            kind=self.kind,
            digest=digest_of(self.queries),
            texts=len(self.queries),
            taken=self.taken,
        )


def digest_of(queries: list[Asked]) -> str:
    """Of the wordings, whoever asked them and whenever."""
    return digest_value(sorted(query.text for query in queries))


def read_reference(path: Path, retention_days: int, now: datetime.datetime) -> Reference | None:
    """None where there is none. What the log may no longer keep, after `retention_days`, goes from here too.

    Raises DriftError for a file that holds none.
    """
    if not path.is_file():
        return None
    held = _held(path)
    if held.kind != "window":
        return held
    oldest = (now - datetime.timedelta(days=retention_days)).isoformat()
    return _kept(path, held, [query for query in held.queries if query.time >= oldest])


def keep_reference(path: Path, reference: Reference) -> None:
    write_json(path, reference)


def forget_users(path: Path, users: set[str]) -> int:
    """Take what some users asked, by their pseudonyms, out of the reference; how many queries that were."""
    return _without(path, lambda query: query.user in users, write=True)


def forget_queries(path: Path, tells: Callable[[str], bool], write: bool) -> int:
    """How many of the reference's queries tell of something, by their texts; `write` takes them out."""
    return _without(path, lambda query: tells(query.text), write)


def _without(path: Path, goes: Callable[[Asked], bool], write: bool) -> int:
    if not path.is_file():
        return 0
    held = _held(path)
    left = [query for query in held.queries if not goes(query)]
    if write:
        _kept(path, held, left)
    return len(held.queries) - len(left)


def _held(path: Path) -> Reference:
    try:
        return msgspec.convert(read_json(path), Reference)
    except (InputError, msgspec.ValidationError) as error:
        raise DriftError(f"{path} holds no reference ({error}): delete it to take a new one") from None


def _kept(path: Path, held: Reference, queries: list[Asked]) -> Reference | None:
    if len(queries) == len(held.queries):
        return held
    if not queries:
        remove(path)
        return None
    left = msgspec.structs.replace(held, queries=queries)
    write_json(path, left)
    return left
