"""feedback.db: an SQLite file of impressions and actions, to which several processes may write at once."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

from idiolect.config import Feedback
from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.moments import kept

SCHEMA = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS impressions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    query TEXT NOT NULL,
    hits TEXT NOT NULL,
    user TEXT NOT NULL,
    session TEXT NOT NULL,
    model TEXT NOT NULL,
    mode TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS impressions_by_time ON impressions (time);
CREATE TABLE IF NOT EXISTS actions (
    impression TEXT NOT NULL,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    rank INTEGER NOT NULL,
    document TEXT NOT NULL,
    chunk TEXT NOT NULL,
    seconds REAL NOT NULL,
    user TEXT NOT NULL,
    came TEXT NOT NULL,
    PRIMARY KEY (impression, time, kind, rank, document, chunk, seconds, user)
) WITHOUT ROWID
"""
"""`hits` is a JSON list; `came` is when an action arrived, and the rest of it is what makes two of them one."""

_EXPIRED = (
    "DELETE FROM actions WHERE impression IN (SELECT name FROM impressions WHERE time < :old)",
    "DELETE FROM impressions WHERE time < :old",
    "DELETE FROM actions WHERE came < :waited"
    " AND NOT EXISTS (SELECT 1 FROM impressions WHERE name = actions.impression)",
)


def now() -> datetime:
    return datetime.now(UTC)


def oldest(settings: Feedback) -> str:
    """The time before which events have expired."""
    return kept(now() - timedelta(days=settings.retention_days))


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """What the log held at one moment. Raises FeedbackError where there is none, or where it cannot be read."""
    if not path.is_file():
        raise FeedbackError(
            f"{path} is not there: `idiolect feedback import FILE` or `idiolect serve --feedback` makes it"
        )
    with _failing(path), contextlib.closing(_patiently(lambda: _read(path), 30.0)) as connection:
        yield connection


def connected(path: Path, timeout: float = 30.0) -> sqlite3.Connection:
    """The log, made for its owner's eyes alone where it is missing. Raises FeedbackError where it cannot be used.

    `timeout`: seconds that others are waited for.
    """
    with _failing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(
            os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        )  # SQLite gives the files beside it the same mode
        return _patiently(lambda: _written(path, timeout), timeout)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block's changes or none, whatever becomes of the process."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def expire(connection: sqlite3.Connection, settings: Feedback) -> int:
    """Delete what is older than it may be kept, and actions whose impression never came; how many rows."""
    waited = kept(now() - timedelta(hours=settings.waiting_hours))
    with transaction(connection):
        gone = sum(
            connection.execute(one, {"old": oldest(settings), "waited": waited}).rowcount for one in _EXPIRED
        )
    if gone:
        emptied(connection)
    return gone


def emptied(connection: sqlite3.Connection) -> bool:
    """Leave nothing in the log beside the file, which holds pages as they were; False while somebody reads there."""
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _read(path: Path) -> sqlite3.Connection:
    # not "ro", which would leave files beside the log that only a writer takes away
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=30, isolation_level=None
    )
    with _closed_on_failure(connection):
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        _check_version(connection, path)  # which reads: the moment is now
    return connection


def _written(path: Path, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    with _closed_on_failure(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        if not _check_version(connection, path):
            with transaction(connection):
                for table in _TABLES.split(";"):
                    connection.execute(table)
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
    return connection


def _patiently(opening: Callable[[], sqlite3.Connection], timeout: float) -> sqlite3.Connection:
    """SQLite itself does not wait while another process makes, mends or closes the log beside the file."""
    until = monotonic() + timeout
    while True:
        try:
            return opening()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(0.02)


@contextlib.contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextlib.contextmanager
def _failing(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise FeedbackError(
            f"the feedback log {path} cannot be used ({error}): free some space, mend its rights, or move it away"
        ) from None


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise FeedbackError(f"{path} has schema {version}, this version reads {SCHEMA}: upgrade idiolect")
    return int(version)
