"""WORK's feedback without what goes: impressions, actions, and what was learnt from them or is compared with."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from idiolect.erasing.gone import Rules
from idiolect.errors import FeedbackError, PrivacyError
from idiolect.files import read_json, read_jsonl, write_json, write_jsonl
from idiolect.lifecycle.drift.reference import forget_queries
from idiolect.lifecycle.feedback import database
from idiolect.lifecycle.feedback.events import Hit
from idiolect.lifecycle.feedback.log import actions_of, impression_of, impressions
from idiolect.lifecycle.feedback.resolving import WHOLE, resolved
from idiolect.workspace import Workspace


def clear(work: Workspace, rules: Rules, write: bool) -> Counter[str]:
    """How much goes; `write` takes it out. Raises PrivacyError where the log cannot be used, or is being read."""
    gone = _learnt(work, rules, write)
    gone["queries of the drift reference"] = forget_queries(
        work.drift_reference, lambda text: rules.redacted(text) != text, write
    )
    if not work.feedback.is_file():
        return +gone
    try:
        with database.reading(work.feedback) as connection:
            changes = list(_changes(connection, rules))
            waiting = list(_waiting(connection, rules))
        for one in changes:
            gone["impressions" if one.left is None else "hits of impressions"] += (
                1 if one.left is None else one.hits
            )
        gone["actions"] = sum(one.actions for one in changes) + len(waiting)
        if write:
            _write(work, changes, waiting)
    except FeedbackError as error:
        raise PrivacyError(f"{error}; then `idiolect audit erase --resume`") from None
    return +gone


class _Change(NamedTuple):
    """An impression by its name, the hits that it keeps (None: it goes), how many of either go, and of actions."""

    name: str
    left: list[Hit] | None
    hits: int
    actions: int


def _changes(connection: sqlite3.Connection, rules: Rules) -> Iterator[_Change]:
    """An impression goes as a whole where it tells of the document, or somebody acted on that: without the action it
    would say that nobody did.
    """
    for row in impressions(connection):
        one = impression_of(row)
        actions = actions_of(connection, one.id)
        left = [hit for hit in one.hits if not _named(hit.document, hit.chunk, rules)]
        shown = msgspec.to_builtins(msgspec.structs.replace(one, hits=left))
        acted = [action for action in actions if action.kind not in WHOLE]
        found = [resolved(action, one) or action for action in acted]
        if rules.redacted(shown) != shown or any(_named(hit.document, hit.chunk, rules) for hit in found):
            yield _Change(one.id, None, len(one.hits), len(actions))
        elif len(left) < len(one.hits):
            yield _Change(one.id, left, len(one.hits) - len(left), 0)


def _waiting(connection: sqlite3.Connection, rules: Rules) -> Iterator[tuple[str, str, str]]:
    """Actions whose impression is not known, by impression, document and chunk."""
    rows = connection.execute(
        "SELECT DISTINCT impression, document, chunk FROM actions"
        " WHERE impression NOT IN (SELECT name FROM impressions)"
    )
    for impression, document, chunk in rows:
        if _named(document, chunk, rules) or rules.redacted(impression) != impression:
            yield impression, document, chunk


def _named(document: str, chunk: str, rules: Rules) -> bool:
    """Whether a hit is of what goes, however ordinary its name."""
    return document in rules.names or any(one and rules.passage(one) for one in (document, chunk))


def _write(work: Workspace, changes: list[_Change], waiting: list[tuple[str, str, str]]) -> None:
    """Out of every page, and out of the log beside the file."""
    try:
        with contextlib.closing(database.connected(work.feedback)) as connection:
            with database.transaction(connection):
                doomed = [(one.name,) for one in changes if one.left is None]
                connection.executemany("DELETE FROM actions WHERE impression = ?", doomed)
                connection.executemany("DELETE FROM impressions WHERE name = ?", doomed)
                connection.executemany(
                    "UPDATE impressions SET hits = ? WHERE name = ?",
                    (
                        (msgspec.json.encode(one.left).decode(), one.name)
                        for one in changes
                        if one.left is not None
                    ),
                )
                connection.executemany(
                    "DELETE FROM actions WHERE impression = ? AND document = ? AND chunk = ?", waiting
                )
            emptied = database.emptied(connection)
    except sqlite3.Error as error:
        raise PrivacyError(
            f"the feedback log {work.feedback} cannot be written ({error}): mend that, and run `idiolect audit erase "
            "--resume`"
        ) from None
    if not emptied:
        raise PrivacyError(
            f"{work.feedback} is read by another process: run `idiolect audit erase --resume` when it has done"
        )


def _learnt(work: Workspace, rules: Rules, write: bool) -> Counter[str]:
    """Rows of what was learnt, and what else there says of it."""
    gone: Counter[str] = Counter()
    for path in sorted(work.learnt.rglob("*.jsonl")):
        rows = list(read_jsonl(path, dict[str, Any]))
        left = [one for row in rows if (one := _row(row, rules)) is not None]
        gone["learnt from feedback"] += len(rows) - len(left)
        gone["parts of what was learnt from feedback"] += sum(one not in rows for one in left)
        if write and left != rows:
            write_jsonl(path, left)
    for path in sorted(work.learnt.rglob("*.json")):
        value = read_json(path)
        if (told := rules.redacted(value)) != value:
            gone["parts of what was learnt from feedback"] += 1
            if write:
                write_json(path, told)
    return gone


def _row(row: dict[str, Any], rules: Rules) -> dict[str, Any] | None:
    """Without the positives and negatives that tell of it; None where no positive is left, or the rest tells of it."""
    lists = {name: value for name in ("positives", "negatives") if isinstance(value := row.get(name), list)}
    rest = {name: value for name, value in row.items() if name not in lists}
    kept = {name: [one for one in value if not _tells(one, rules)] for name, value in lists.items()}
    if rules.redacted(rest) != rest or (lists.get("positives") and not kept["positives"]):
        return None
    return {name: kept.get(name, value) for name, value in row.items()}


def _tells(one: Any, rules: Rules) -> bool:
    named = isinstance(one, dict) and _named(one.get("document", ""), one.get("chunk", ""), rules)
    return named or rules.redacted(one) != one
