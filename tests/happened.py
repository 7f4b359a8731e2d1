"""Impressions and actions as a caller sends them, some hours ago, and a log that has kept them."""

from datetime import UTC, datetime, timedelta

import msgspec

from idiolect.config import Feedback, Privacy
from idiolect.lifecycle.feedback.decoding import decoded
from idiolect.lifecycle.feedback.keeping import Keeper
from idiolect.lifecycle.feedback.log import FeedbackLog
from idiolect.workspace import Workspace

BEGAN = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=1)


def at(seconds=0.0):
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


def impression(name="i", seconds=0.0, query="why does the pump rattle?", documents="abc", **more):
    """One of documents named by letters, from rank 1 on."""
    hits = [{"rank": rank, "document": one, "chunk": f"{one}#0"} for rank, one in enumerate(documents, 1)]
    event = {"type": "impression", "id": name, "time": at(seconds), "query": query, "hits": hits}
    return event | {"user": "mira", "consent": True} | more


def action(name="i", seconds=5.0, kind="click", **more):
    """A click on the first hit, unless more is said."""
    event = {"type": "action", "impression": name, "time": at(seconds), "kind": kind}
    named = {} if kind in ("reformulate", "abandon") or more.keys() & {"rank", "document"} else {"rank": 1}
    return event | named | more


def numbered(events):
    return [(place, decoded(msgspec.json.encode(event))) for place, event in enumerate(events, 1)]


def keep(folder, *events, privacy=None, **settings):
    """Keep events in a folder's log; what became of them."""
    with Keeper(Workspace(folder), Feedback(**settings), privacy or Privacy()) as keeper:
        return keeper.keep(numbered(events))


def log_of(folder, **settings):
    return FeedbackLog(Workspace(folder).feedback, Feedback(**settings))
