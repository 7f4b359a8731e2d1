"""What an unfinished run has spent so far, beside the answers that it paid for: caps hold over its attempts."""

import sqlite3
from typing import NamedTuple

_TABLE = """
CREATE TABLE IF NOT EXISTS spending (
    purpose TEXT PRIMARY KEY,
    calls INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL
) WITHOUT ROWID
"""


class Spent(NamedTuple):
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Spending:
    """The account of one `purpose` in an SQLite file; each entry outlives the process.

    The purposes are "queries", "judge" and "negatives".
    """

    def __init__(self, connection: sqlite3.Connection, purpose: str) -> None:
        self.connection, self.purpose = connection, purpose
        connection.execute(_TABLE)

    def so_far(self) -> Spent:
        """All that was booked since the accounts were last settled."""
        row = self.connection.execute(
            "SELECT calls, prompt_tokens, completion_tokens FROM spending WHERE purpose = ?", (self.purpose,)
        ).fetchone()
        return Spent(*row) if row else Spent()

    def elsewhere(self) -> Spent:
        """The same of all other purposes: the caps are on what everything together costs."""
        row = self.connection.execute(
            "SELECT TOTAL(calls), TOTAL(prompt_tokens), TOTAL(completion_tokens) FROM spending WHERE purpose != ?",
            (self.purpose,),
        ).fetchone()
        return Spent(*map(int, row))

    def book(self, calls: int = 0, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        self.connection.execute(
            "INSERT INTO spending VALUES (?1, ?2, ?3, ?4) ON CONFLICT (purpose) DO UPDATE SET "
            "calls = calls + ?2, prompt_tokens = prompt_tokens + ?3, completion_tokens = completion_tokens + ?4",
            (self.purpose, calls, prompt_tokens, completion_tokens),
        )


def settle(connection: sqlite3.Connection) -> None:
    """The run is complete: the next one has the caps to itself."""
    connection.execute(_TABLE)
    connection.execute("DELETE FROM spending")
