"""Which actions nobody can have meant, and which impressions say nothing: one pure function a rule."""

from collections.abc import Sequence
from itertools import pairwise

from idiolect.lifecycle.feedback.events import Action, Impression, Seen
from idiolect.lifecycle.feedback.moments import seconds
from idiolect.lifecycle.feedback.resolving import WHOLE

INSTANT = 0.1
"""Seconds: nobody sees hits and acts on one in less. A practised hand takes 0.2 s to answer any signal at all."""

DOUBLED = 1.0
"""Seconds within which the same action on the same hit is one: a double click, a page that tells twice."""

EVERYTHING = 5
"""Hits of which all were opened, from which on that tells none of them apart."""


def early(action: Action, impression: Impression) -> bool:
    """Whether it came before what it is of. Both times must be of one clock."""
    return action.time < impression.time


def instant(action: Action, impression: Impression) -> bool:
    """Whether it followed within milliseconds; what is of no hit, an abandoned search, may."""
    return action.kind not in WHOLE and seconds(action.time) - seconds(impression.time) < INSTANT


def stranger(action: Action, impression: Impression) -> bool:
    """Whether somebody else acted than was shown the hits."""
    return bool(action.user and impression.user and action.user != impression.user)


def doubled(actions: Sequence[Action]) -> set[int]:
    """Places of actions, in the order of time, that repeat the one before: of their kind and hit, and as long."""
    last: dict[tuple[str, int, float], float] = {}
    found = set()
    for place, action in enumerate(actions):
        key, now = (action.kind, action.rank, action.seconds), seconds(action.time)
        if key in last and now - last[key] < DOUBLED:
            found.add(place)
        last[key] = now
    return found


def everything(seen: Seen) -> bool:
    """Whether every hit of many was opened."""
    opened = {action.rank for action in seen.actions if action.kind == "click"}
    return len(seen.impression.hits) >= EVERYTHING and opened >= {hit.rank for hit in seen.impression.hits}


def hurried(actions: Sequence[Action], gap: float) -> int:
    """How many clicks followed a click on another hit in less than `gap` seconds."""
    clicks = [(seconds(action.time), action.rank) for action in actions if action.kind == "click"]
    return sum(
        later - sooner < gap and one != other for (sooner, one), (later, other) in pairwise(sorted(clicks))
    )
