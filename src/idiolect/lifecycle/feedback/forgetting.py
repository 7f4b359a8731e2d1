"""A user's own erasure: all that the log holds of somebody, and what was learnt from nobody else."""

import contextlib
import secrets
import sqlite3
from pathlib import Path

from idiolect.config import Privacy
from idiolect.errors import FeedbackError, UsageError
from idiolect.evaluation.labels import normalised
from idiolect.files import read_jsonl, write_jsonl
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.drift.reference import forget_users
from idiolect.lifecycle.feedback import database
from idiolect.lifecycle.feedback.hiding import key_file, pseudonym
from idiolect.lifecycle.privacy.pseudonyms import key_at
from idiolect.records import Record
from idiolect.workspace import Workspace

FORGOTTEN = "feedback-forgotten"
"""The event of the audit log."""


class Forgotten(Record, frozen=True, kw_only=True):
    """How much went; `reference` is drawn by chance, stands in the audit log too, and leads to nobody.

    `learnt` counts rows of WORK/learnt whose query nobody else in the log has asked.
    """

    reference: str
    impressions: int
    actions: int
    learnt: int


def forget(work: Workspace, user: str, privacy: Privacy) -> Forgotten:
    """Take out a user's impressions, all actions on them, and the user's actions on others.

    Raises UsageError for no name at all, FeedbackError where there is no log, where its key is gone, or while another
    process reads it, WorkspaceError while one holds WORK.
    """
    if not user:
        raise UsageError("--user is empty: give the name by which events call the user")
    if not work.feedback.is_file():
        raise FeedbackError(f"{work.feedback} is not there: nothing of anybody is kept in {work.root}")
    key = key_file(privacy, work.privacy_key)
    if not key.is_file():
        raise FeedbackError(
            f"{key} is not there, without which nobody in {work.feedback.name} can be found by name: give its place "
            "with --set privacy.key=FILE, or delete the log as a whole"
        )
    who = pseudonym(key_at(key), "user", user)
    with work.held():  # what learns now would bring back what goes
        return _forgotten(work, who)


def _forgotten(work: Workspace, who: str) -> Forgotten:
    try:
        with contextlib.closing(database.connected(work.feedback)) as connection:
            # the log last: it says what goes, also to whoever begins anew after a process that was killed
            learnt = _unlearnt(work.learnt_queries, _theirs_alone(connection, who))
            forget_users(work.drift_reference, {who})
            impressions, actions = _taken_out(connection, who)
            emptied = database.emptied(connection)
    except sqlite3.Error as error:
        raise FeedbackError(
            f"the feedback log {work.feedback} cannot be written ({error}): try again"
        ) from None
    reference = secrets.token_hex(16)
    Chain(work.audit).append(
        FORGOTTEN, reference=reference, impressions=impressions, actions=actions, learnt=learnt
    )
    if not emptied:
        raise FeedbackError(
            f"{work.feedback}-wal may still hold what was deleted, since another process reads the log: run the same "
            "command again when it has done"
        )
    return Forgotten(reference=reference, impressions=impressions, actions=actions, learnt=learnt)


def _theirs_alone(connection: sqlite3.Connection, who: str) -> set[str]:
    """The words of queries that nobody else in the log has asked, in whatever spelling."""
    own, others = (
        {
            normalised(query)
            for (query,) in connection.execute(f"SELECT query FROM impressions WHERE {which}", (who,))
        }
        for which in ("user = ?", "user != ?")
    )
    return own - others


def _taken_out(connection: sqlite3.Connection, who: str) -> tuple[int, int]:
    with database.transaction(connection):
        actions = connection.execute(
            "DELETE FROM actions WHERE user = ? OR impression IN (SELECT name FROM impressions WHERE user = ?)",
            (who, who),
        ).rowcount
        impressions = connection.execute("DELETE FROM impressions WHERE user = ?", (who,)).rowcount
    return impressions, actions


def _unlearnt(path: Path, queries: set[str]) -> int:
    if not queries or not path.is_file():
        return 0
    rows = list(read_jsonl(path, dict))
    left = [row for row in rows if normalised(str(row.get("text", ""))) not in queries]
    if len(left) < len(rows):
        write_jsonl(path, left)
    return len(rows) - len(left)
