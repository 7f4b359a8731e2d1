"""The feedback log, read: impressions with what was done with them, in the order of time."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from idiolect.config import Feedback
from idiolect.lifecycle.feedback.cleaning import Cleaned
from idiolect.lifecycle.feedback.database import oldest, reading
from idiolect.lifecycle.feedback.events import Action, Hit, Impression, Seen

_hits = msgspec.json.Decoder(list[dict[str, Any]])
"""Without the limits that hold for what comes: masked, a name can be longer."""


class FeedbackLog:
    """WORK/feedback.db; what has expired is not read, whether or not it was deleted yet."""

    def __init__(self, path: Path, settings: Feedback | None = None) -> None:
        self.path = path
        self.settings = settings or Feedback()

    def seen(self) -> Iterator[Seen]:
        """Cleaned, in the order of time; every action on a hit has its rank, document and chunk.

        Raises FeedbackError where there is no log, or where it cannot be read.
        """
        yield from self.cleaned()

    def cleaned(self) -> Cleaned:
        """The same, to be gone through, after which it says what each rule left out."""
        return Cleaned(self.everything, self.settings)

    def everything(self) -> Iterator[Seen]:
        """What was kept, as it was kept."""
        with reading(self.path) as connection:
            for row in impressions(connection, oldest(self.settings)):
                yield Seen(impression=impression_of(row), actions=actions_of(connection, row[0]))

    def waiting(self) -> int:
        """Actions whose impression is not known, or not yet."""
        with reading(self.path) as connection:
            (count,) = connection.execute(
                "SELECT COUNT(*) FROM actions WHERE impression NOT IN (SELECT name FROM impressions)"
            ).fetchone()
        return int(count)


Row = tuple[str, ...]
"""An impression as it lies in the file."""


def impressions(connection: sqlite3.Connection, since: str = "") -> Iterator[Row]:
    """In the order of time; by default those too that have expired."""
    yield from connection.execute(
        "SELECT name, time, query, hits, user, session, model, mode FROM impressions WHERE time >= ?"
        " ORDER BY time, name",
        (since,),
    )


def impression_of(row: Row) -> Impression:
    name, time, query, hits, user, session, model, mode = row
    return Impression(
        id=name,
        time=time,
        query=query,
        hits=[Hit(**hit) for hit in _hits.decode(hits)],
        user=user,
        session=session,
        model=model,
        mode=mode,
        consent=True,
    )


def actions_of(connection: sqlite3.Connection, name: str) -> list[Action]:
    """Those on an impression, in the order of time."""
    rows = connection.execute(
        "SELECT time, kind, rank, document, chunk, seconds, user FROM actions WHERE impression = ?"
        " ORDER BY time, rank, kind",
        (name,),
    )
    return [
        Action(
            impression=name,
            time=time,
            kind=kind,
            rank=rank,
            document=document,
            chunk=chunk,
            seconds=spent,
            user=user,
        )
        for time, kind, rank, document, chunk, spent, user in rows
    ]
