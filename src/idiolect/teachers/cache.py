"""Every answer that was ever paid for, in one SQLite file: written the moment it arrives, with what it was shown."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from idiolect.errors import TeacherError
from idiolect.files import digest_value
from idiolect.teachers.protocol import Answer, Message

_PAGES_TO_SYNC = 128
"""Of the write-ahead log (an answer takes one or two), after which the disk is waited for."""
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    truncated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shown (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (key, kind, id, role)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shown_by_id ON shown (kind, id)
"""


class Shown(NamedTuple):
    """What a request held, or its answer brought: an id, of exemplars the digest of their lines.

    Shown to be asked about: "shown"; to be judged: "judged"; exemplars: "exemplar".  Queries: "wrote"
    where the answer holds them, "verdict" where it says whether they are kept, "rated" where it is
    distilled, "missed" where it holds a passage that just misses them.
    """

    kind: Literal["document", "chunk", "query", "written-negative", "exemplars"]
    id: str
    role: Literal["shown", "judged", "exemplar", "wrote", "verdict", "rated", "missed"]


class AnswerCache:
    """Answers under the SHA-256 of (model, messages) as canonical JSON."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @staticmethod
    def key(model: str, messages: Sequence[Message]) -> str:
        return digest_value([model, list(messages)])

    def __contains__(self, key: str) -> bool:
        return self.connection.execute("SELECT 1 FROM answers WHERE key = ?", (key,)).fetchone() is not None

    def get(self, key: str) -> Answer | None:
        row = self.connection.execute(
            "SELECT text, prompt_tokens, completion_tokens, truncated FROM answers WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        return Answer(text=row[0], prompt_tokens=row[1], completion_tokens=row[2], truncated=bool(row[3]))

    def put(self, key: str, model: str, answer: Answer) -> None:
        """Store an answer; it outlives the process however that ends.

        A power cut may take the last few dozen along: to wait for the disk at each answer would hold
        up all calls in flight.
        """
        row = (key, model, answer.text, answer.prompt_tokens, answer.completion_tokens, answer.truncated)
        self.connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", row)

    def show(self, rows: Iterable[tuple[str, Shown]]) -> None:
        """Note under their keys what requests showed and brought, all of it or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self.connection.executemany(
                "INSERT OR IGNORE INTO shown VALUES (?, ?, ?, ?)", ((key, *one) for key, one in rows)
            )
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def shown(self, key: str) -> set[Shown]:
        """What is noted under a key."""
        rows = self.connection.execute("SELECT kind, id, role FROM shown WHERE key = ?", (key,))
        return {Shown(*row) for row in rows}

    def keys_of(self, kind: str, identifier: str) -> list[str]:
        """The requests that showed or brought something."""
        rows = self.connection.execute(
            "SELECT DISTINCT key FROM shown WHERE kind = ? AND id = ?", (kind, identifier)
        )
        return [key for (key,) in rows]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[AnswerCache]:
    """The cache in `path`, made where it is missing. Raises TeacherError where it cannot be used."""
    cure = "free some space, or repair or delete it"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TeacherError(f"the cache of LLM answers {path} cannot be made: {error.strerror}") from None
    try:
        # no open transaction ever: each answer is in the file before the next is awaited
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_TO_SYNC}")
            for table in _TABLES.split(";"):
                connection.execute(table)
            yield AnswerCache(connection)
    except sqlite3.Error as error:
        raise TeacherError(f"the cache of LLM answers {path} cannot be used ({error}): {cure}") from None
