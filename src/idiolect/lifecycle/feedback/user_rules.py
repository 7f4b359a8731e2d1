"""Which users are machines, and which of a user's impressions are too many: pure functions over one user's trail."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from idiolect.lifecycle.feedback.events import normalised
from idiolect.lifecycle.feedback.moments import day, seconds

PACE = 0.3
"""Seconds between clicks on two hits, faster than anybody opens them one after another."""

PACED = 3
"""Such clicks of one user, from which on it is a machine."""

REPEATS = 5
"""Times a day that the same query of one user counts: people look the same thing up again, machines without end."""

MINUTE = 60.0


class Asked(NamedTuple):
    """One impression of a user: its id, time as it is kept, query, and clicks that followed another too fast."""

    name: str
    time: str
    query: str
    hurried: int


Trail = Sequence[Asked]
"""A user's impressions in the order of time."""


def flooding(trail: Trail, most: int) -> bool:
    """Whether more than `most` impressions lie within some 60 seconds."""
    times = [seconds(one.time) for one in trail]
    return any(later - sooner < MINUTE for sooner, later in zip(times, times[most:], strict=False))


def paced(trail: Trail) -> bool:
    """Whether clicks follow one another faster than a person's, again and again."""
    return sum(one.hurried for one in trail) >= PACED


def repeated(trail: Trail) -> set[str]:
    """Impressions of a query that its user has asked often enough that day."""
    times: dict[tuple[str, str], int] = defaultdict(int)
    found = set()
    for one in trail:
        key = day(one.time), normalised(one.query)
        times[key] += 1
        if times[key] > REPEATS:
            found.add(one.name)
    return found


def beyond(trail: Trail, most: int) -> set[str]:
    """Impressions after the first `most` of a day."""
    count: dict[str, int] = defaultdict(int)
    found = set()
    for one in trail:
        count[day(one.time)] += 1
        if count[day(one.time)] > most:
            found.add(one.name)
    return found
