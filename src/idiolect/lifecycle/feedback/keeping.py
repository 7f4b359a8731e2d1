"""Events into the log: with consent, in time, masked, each once."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import Any

import msgspec

from idiolect.config import Feedback, Privacy
from idiolect.errors import FeedbackError
from idiolect.lifecycle.erasure import suppression
from idiolect.lifecycle.feedback import database
from idiolect.lifecycle.feedback.decoding import NoEventError, SetAside
from idiolect.lifecycle.feedback.events import Action, Event, Impression
from idiolect.lifecycle.feedback.hiding import Hiding
from idiolect.lifecycle.feedback.log import impression_of
from idiolect.lifecycle.feedback.moments import kept
from idiolect.lifecycle.feedback.reading import Read
from idiolect.records import Record
from idiolect.workspace import Workspace

BATCH = 1_000
"""Events of an import that are written at once."""

EXPIRE_SECONDS = 3600.0
"""Between two looks, while the log stays open, for what has expired."""


class Kept(Record, frozen=True, kw_only=True):
    """What became of some events: `again` were kept before, `waiting` are actions whose impression is not known yet.

    `erased` counts hits that were left out of impressions, since their documents were erased.
    """

    impressions: int = 0
    actions: int = 0
    again: int = 0
    waiting: int = 0
    erased: int = 0
    set_aside: list[SetAside] = []

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


class Keeper:
    """Writes to WORK/feedback.db, as other processes may; one thread at a time."""

    def __init__(self, work: Workspace, settings: Feedback, privacy: Privacy, timeout: float = 30.0) -> None:
        """`timeout`: seconds that another writer is waited for. Raises what `Hiding` raises, and FeedbackError."""
        self.path = work.feedback
        self._suppressed = work.suppressed
        self._settings = settings
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        self._expired = -EXPIRE_SECONDS
        self._erased = suppression.Suppression()
        self._erased_as_of: Any = None
        self._hiding = Hiding(privacy, work.privacy_key)
        self._opened()
        self.close()  # whichever thread keeps opens its own

    @property
    def consent_given(self) -> bool:
        """Whether terms of use have everybody's consent."""
        return self._settings.consent == "given"

    def warm_up(self) -> None:
        """Load what masking will need, so that it holds nothing up later."""
        self._hiding.warm_up()

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def tidy(self) -> None:
        """Delete what has expired, where that was last done an hour ago. Raises FeedbackError where that fails."""
        with self._writing():
            self._opened()

    def keep_all(self, read: Iterable[Read]) -> Kept:
        """What was read of a file, in batches: each is in the log, or nothing of it."""
        left, total, refused = iter(read), Kept(), set[str]()
        while batch := list(islice(left, BATCH)):
            total += Kept(set_aside=[one for one in batch if isinstance(one, SetAside)])
            total += self._keep([one for one in batch if not isinstance(one, SetAside)], refused)
        return msgspec.structs.replace(total, set_aside=_placed(total.set_aside))

    def keep(self, events: Sequence[tuple[int, Event]]) -> Kept:
        """Events with their places, all of them in one transaction. Raises FeedbackError where that fails."""
        return self._keep(events, set())

    def _keep(self, events: Sequence[tuple[int, Event]], refused: set[str]) -> Kept:
        """`refused` remembers the impressions of which nothing is kept, whatever was done with them later."""
        self._look_what_was_erased()
        ready, aside = [], []
        erased = 0
        for place, event in sorted(events, key=lambda one: isinstance(one[1], Action)):
            try:
                hidden, gone = self._permitted(event, refused)
            except NoEventError as error:
                aside.append(SetAside(place=place, reason=str(error)))
            else:
                ready.append((place, hidden))
                erased += gone
        counts, conflicts = self._written(ready)
        return Kept(
            impressions=counts["impressions"],
            actions=counts["actions"],
            again=counts["again"],
            waiting=counts["waiting"],
            erased=erased,
            set_aside=_placed([*aside, *conflicts]),
        )

    def _permitted(self, event: Event, refused: set[str]) -> tuple[Event, int]:
        """The event as it may be kept, and how many of its hits may not; impressions come before actions.

        Raises NoEventError.
        """
        if isinstance(event, Action) and event.impression in refused:
            raise NoEventError("its impression was set aside")
        try:
            if isinstance(event, Impression) and not (event.consent or self.consent_given):
                raise NoEventError("no consent")
            if event.time < database.oldest(self._settings):
                raise NoEventError(f"older than feedback.retention_days, {self._settings.retention_days:,}")
            hidden = self._hiding.hidden(event)
        except NoEventError:
            if isinstance(event, Impression):
                refused.add(event.id)
            raise
        if isinstance(hidden, Action):
            if self._was_erased(hidden.document) or self._was_erased(hidden.chunk):
                raise NoEventError("its document was erased")
            return hidden, 0
        hits = [
            hit for hit in hidden.hits if not (self._was_erased(hit.document) or self._was_erased(hit.chunk))
        ]
        return msgspec.structs.replace(hidden, hits=hits), len(hidden.hits) - len(hits)

    def _written(self, events: Sequence[tuple[int, Event]]) -> tuple[Counter[str], list[SetAside]]:
        counts: Counter[str] = Counter()
        conflicts: list[SetAside] = []
        with self._writing(), database.transaction(connection := self._opened()):
            for place, event in events:
                outcome = (
                    _put_impression(connection, event)
                    if isinstance(event, Impression)
                    else _put_action(connection, event)
                )
                if outcome == "other":
                    reason = "another impression of this id is in the log"
                    conflicts.append(SetAside(place=place, reason=reason))
                else:
                    counts[outcome] += 1
        return counts, conflicts

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            raise FeedbackError(
                f"the feedback log {self.path} cannot be written ({error}): free some space, or mend it"
            ) from None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = database.connected(self.path, self._timeout)
            self._expired = -EXPIRE_SECONDS
        if monotonic() - self._expired >= EXPIRE_SECONDS:
            database.expire(self._connection, self._settings)
            self._expired = monotonic()
        return self._connection

    def _look_what_was_erased(self) -> None:
        path = self._suppressed
        found = path.stat() if path.exists() else None
        now = found and (found.st_ino, found.st_size, found.st_mtime_ns)
        if now != self._erased_as_of:
            self._erased, self._erased_as_of = suppression.read(path), now

    def _was_erased(self, name: str) -> bool:
        document, number, rest = name.rpartition("#")
        names = (name, document) if number and rest.isdigit() else (name,)
        return any(one and self._erased.hidden(one) != one for one in names)


def _placed(aside: list[SetAside]) -> list[SetAside]:
    return sorted(aside, key=lambda one: one.place)


def _put_impression(connection: sqlite3.Connection, event: Impression) -> str:
    row = (
        event.id,
        event.time,
        event.query,
        msgspec.json.encode(event.hits).decode(),
        event.user,
        event.session,
        event.model,
        event.mode,
    )
    done = connection.execute(
        "INSERT OR IGNORE INTO impressions (name, time, query, hits, user, session, model, mode)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    if done.rowcount:
        return "impressions"
    known = connection.execute(
        "SELECT name, time, query, hits, user, session, model, mode FROM impressions WHERE name = ?",
        (event.id,),
    ).fetchone()
    return "again" if impression_of(known) == event else "other"


def _put_action(connection: sqlite3.Connection, event: Action) -> str:
    came = kept(database.now())
    row = (
        event.impression,
        event.time,
        event.kind,
        event.rank,
        event.document,
        event.chunk,
        event.seconds,
        event.user,
        came,
    )
    done = connection.execute("INSERT OR IGNORE INTO actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    if not done.rowcount:
        return "again"
    known = connection.execute("SELECT 1 FROM impressions WHERE name = ?", (event.impression,)).fetchone()
    return "actions" if known else "waiting"
