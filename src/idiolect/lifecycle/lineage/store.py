"""lineage.db: an SQLite file of nodes, edges, and what follows from them about each artefact."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from idiolect.errors import AuditError
from idiolect.lifecycle.lineage.graph import ARTEFACTS, ROLES, Kind

SCHEMA = 1

_TABLES = """
CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, artefact INTEGER NOT NULL);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, carries TEXT NOT NULL);
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX nodes_by_name ON nodes (kind, name) WHERE name != '';
CREATE TABLE edges (
    target INTEGER NOT NULL,
    source INTEGER NOT NULL,
    role INTEGER NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (target, source, role)
) WITHOUT ROWID;
CREATE INDEX edges_by_source ON edges (source);
CREATE TABLE shaped (
    artefact INTEGER NOT NULL,
    document INTEGER NOT NULL,
    role INTEGER NOT NULL,
    use TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (artefact, document, role, use)
) WITHOUT ROWID;
CREATE INDEX shaped_by_document ON shaped (document);
CREATE TABLE runs (
    node INTEGER PRIMARY KEY,
    stage TEXT NOT NULL,
    started TEXT NOT NULL,
    seconds REAL NOT NULL
);
CREATE TABLE current (kind INTEGER NOT NULL, own TEXT NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (kind, own))
WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
"""An edge is filed under its target, which is where walks begin; `run` is the node of the run that made it first.

`shaped` is the sum over all paths (see `rollup`); `current` maps the ids in WORK's files to nodes.
"""


class Lineage:
    """An open lineage.db; `kinds` and `roles` are the numbers that stand for their names in it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection, self.path = connection, path
        self.kinds: dict[str, int] = dict(connection.execute("SELECT name, id FROM kinds"))
        self.roles: dict[str, int] = dict(connection.execute("SELECT name, id FROM roles"))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's changes or none, whatever becomes of the process."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")


@contextlib.contextmanager
def opened(path: Path, must_exist: bool = False) -> Iterator[Lineage]:
    """The graph in `path`, made where it is missing.

    Raises AuditError where the file cannot be used, was written by a later version, or is missing and
    `must_exist`.
    """
    if must_exist and not path.is_file():
        raise AuditError(
            f"{path} is not there: `idiolect run` records lineage in WORK, name its folder with -w"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # a rollback journal leaves one file, and no pages of erased rows in a log beside it
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA cache_size = -65536")
            _prepare(connection, path)
            yield Lineage(connection, path)
    except sqlite3.Error as error:
        raise AuditError(
            f"the lineage {path} cannot be used ({error}): free some space, or delete it, and it is recorded anew "
            "from the files in WORK"
        ) from None


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables, and number the kinds and roles that this version has beyond the file's."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise AuditError(f"{path} has schema {version}, this version reads {SCHEMA}: upgrade idiolect")
    known = connection.execute("SELECT name FROM kinds UNION ALL SELECT name FROM roles") if version else ()
    if {*get_args(Kind), *ROLES} <= {name for (name,) in known}:
        return
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("PRAGMA user_version").fetchone()[0]:  # another process may have been first
        for statement in _TABLES.split(";")[:-1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.executemany(
        "INSERT OR IGNORE INTO kinds (name, artefact) VALUES (?, ?)",
        [(name, name in ARTEFACTS) for name in get_args(Kind)],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO roles (name, carries) VALUES (?, ?)",
        [(name, role.carries) for name, role in ROLES.items()],
    )
    connection.execute("COMMIT")
