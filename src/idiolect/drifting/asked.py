"""The current queries: of a file, or of the feedback log's impressions in a period."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from idiolect.config import Privacy
from idiolect.errors import InputError, UsageError
from idiolect.evaluation.labels import is_json_lines
from idiolect.files import read_jsonl
from idiolect.lifecycle.drift.reference import Asked
from idiolect.lifecycle.feedback.events import Seen
from idiolect.lifecycle.feedback.hiding import key_file, pseudonym
from idiolect.lifecycle.feedback.moments import kept
from idiolect.lifecycle.privacy import masker
from idiolect.lifecycle.privacy.pseudonyms import key_at
from idiolect.readers.decoding import decode

_TABLES = (".csv", ".tsv")


class _Line(msgspec.Struct):
    query: str = ""
    text: str = ""
    user: str = ""


def instant(option: str, text: str | None) -> datetime | None:
    """A date, which begins at midnight UTC, or a time; without an offset it is taken for UTC. Raises UsageError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r} is no date: give one as 2026-03-01 or 2026-03-01T09:30:00Z"
        ) from None


def of_log(seen: Iterable[Seen], since: datetime | None, until: datetime) -> list[Asked]:
    """What was asked from `since` on and before `until`; texts and users are masked in the log already."""
    first, last = kept(since) if since else "", kept(until)
    return [
        Asked(
            text=" ".join(one.impression.query.split()),
            user=one.impression.user or one.impression.session,
            time=one.impression.time,
        )
        for one in seen
        if first <= one.impression.time < last
    ]


def of_file(path: Path, privacy: Privacy, key: Path) -> list[Asked]:
    """Queries a line, a table with a column `query`, or JSON lines with `query` or `text`; a `user` where there is one.

    They are masked here, and each user becomes the pseudonym that the feedback log has for them, by the key in the
    file `key`.  Raises UsageError where there is no such file, InputError for one that holds no queries.
    """
    if not path.is_file():
        raise UsageError(f"--queries {path} is no file")
    hide, lines = masker(privacy, key), list(_lines(path))
    secret = key_at(key_file(privacy, key)) if any(line.user for line in lines) else b""
    found = [
        Asked(text=text, user=pseudonym(secret, "user", line.user))
        for line in lines
        if (text := hide.text(" ".join((line.query or line.text).split())))
    ]
    if not found:
        raise InputError(
            f"--queries {path} holds no query: give one a line, a CSV with a column 'query', or JSON lines with 'query'"
        )
    return found


def _lines(path: Path) -> Iterator[_Line]:
    if path.suffix.lower() not in _TABLES and is_json_lines(path):
        yield from read_jsonl(path, _Line)
        return
    try:
        text = decode(path.read_bytes())
    except InputError as error:
        raise InputError(f"--queries {path} is {error}") from None
    if path.suffix.lower() not in _TABLES:
        yield from (_Line(query=line) for line in text.splitlines())
        return
    try:
        yield from _rows(path, text)
    except csv.Error as error:
        raise InputError(f"--queries {path} is no table that can be read: {error}") from None


def _rows(path: Path, text: str) -> Iterator[_Line]:
    rows = csv.DictReader(
        io.StringIO(text, newline=""), delimiter="\t" if path.suffix.lower() == ".tsv" else ","
    )
    names = {(name or "").strip().casefold(): name for name in rows.fieldnames or ()}
    if "query" not in names:
        raise InputError(f"--queries {path} has no column 'query': there is {', '.join(names) or 'none'}")
    for row in rows:
        yield _Line(query=row[names["query"]] or "", user=(row.get(names.get("user", "")) or ""))
