"""What there is in a log, in figures: no query, no document, no user."""

from collections import Counter, defaultdict

from idiolect.lifecycle.feedback.cleaning import LeftOut
from idiolect.lifecycle.feedback.events import Seen, normalised
from idiolect.lifecycle.feedback.log import FeedbackLog
from idiolect.lifecycle.feedback.moments import day
from idiolect.records import Record


class AtRank(Record, frozen=True, kw_only=True):
    """Hits that were shown at a rank, how many of them were clicked, and how many of those satisfied."""

    rank: int
    shown: int
    clicked: int
    satisfied: int


class Summary(Record, frozen=True, kw_only=True):
    """Counts after cleaning; `kept` and `left_out` say what that was made of.

    `nameless` impressions have neither user nor session, `documents` were shown. `satisfied` counts hits that were read
    for `feedback.satisfied_seconds`, copied from, or liked; what else may be taken for satisfaction is for whoever
    learns to say. `waiting` actions have no impression yet.
    """

    kept: int
    impressions: int
    actions: dict[str, int]
    users: int
    sessions: int
    nameless: int
    days: int
    first: str
    last: str
    queries: int
    documents: int
    models: dict[str, int]
    modes: dict[str, int]
    ranks: list[AtRank]
    satisfied: int
    waiting: int
    left_out: dict[str, LeftOut]


def summary(log: FeedbackLog) -> Summary:
    """Raises FeedbackError where there is no log, or where it cannot be read."""
    cleaned = log.cleaned()
    actions, models, modes = Counter[str](), Counter[str](), Counter[str]()
    shown, clicked, satisfied = Counter[int](), Counter[int](), Counter[int]()
    sets: dict[str, set[str]] = defaultdict(set)
    times: list[str] = []
    nameless = impressions = 0
    for seen in cleaned:
        one = seen.impression
        impressions += 1
        times = [times[0] if times else one.time, one.time]
        sets["users"].add(one.user)
        sets["sessions"].add(one.session)
        sets["days"].add(day(one.time))
        sets["queries"].add(normalised(one.query))
        sets["documents"].update(hit.document for hit in one.hits)
        nameless += not (one.user or one.session)
        models[one.model] += 1
        modes[one.mode] += 1
        actions.update(action.kind for action in seen.actions)
        shown.update(hit.rank for hit in one.hits)
        clicked.update({action.rank for action in seen.actions if action.kind == "click"})
        satisfied.update(satisfying(seen, log.settings.satisfied_seconds))
    left_out = dict(cleaned.left_out)
    return Summary(
        kept=impressions + sum(one.impressions for one in left_out.values()),
        impressions=impressions,
        actions=dict(actions.most_common()),
        users=len(sets["users"] - {""}),
        sessions=len(sets["sessions"] - {""}),
        nameless=nameless,
        days=len(sets["days"]),
        first=times[0] if times else "",
        last=times[-1] if times else "",
        queries=len(sets["queries"]),
        documents=len(sets["documents"]),
        models=dict(models.most_common()),
        modes=dict(modes.most_common()),
        ranks=[
            AtRank(rank=rank, shown=shown[rank], clicked=clicked[rank], satisfied=satisfied[rank])
            for rank in sorted(shown)
        ],
        satisfied=sum(satisfied.values()),
        waiting=log.waiting(),
        left_out=left_out,
    )


def satisfying(seen: Seen, enough: float) -> set[int]:
    """Ranks of the hits that were read for `enough` seconds, copied from, or liked; not of those disliked."""
    liked = {
        action.rank
        for action in seen.actions
        if action.kind in ("copy", "like") or (action.kind in ("click", "dwell") and action.seconds >= enough)
    }
    return liked - {action.rank for action in seen.actions if action.kind == "dislike"}
