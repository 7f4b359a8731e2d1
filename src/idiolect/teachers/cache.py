"""Every answer that was ever paid for, in one SQLite file: written the moment it arrives."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from idiolect.errors import TeacherError
from idiolect.files import digest_value
from idiolect.teachers.protocol import Answer, Message

_PAGES_TO_SYNC = 128
"""Of the write-ahead log (an answer takes one or two), after which the disk is waited for."""
_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    truncated INTEGER NOT NULL
) WITHOUT ROWID
"""


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
            connection.execute(_TABLE)
            yield AnswerCache(connection)
    except sqlite3.Error as error:
        raise TeacherError(f"the cache of LLM answers {path} cannot be used ({error}): {cure}") from None
