"""What was done with each impression: which of its hits were opened, and which of those satisfied."""

import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from idiolect.evaluation.labels import normalised
from idiolect.lifecycle.feedback.events import Hit, Impression, Seen
from idiolect.lifecycle.feedback.resolving import WHOLE, hit_of

PAUSE = datetime.timedelta(minutes=30)
"""Without a search for so long, a session is over (Catledge and Pitkow 1995, doi 10.1016/0169-7552(95)00043-7)."""

_OPENED = ("click", "dwell", "copy", "like")


@dataclass(frozen=True)
class Reading:
    """An impression as it was read; sets hold places in its hits.

    `words` are the query's, normalised; `user` is "" where nobody was named.  `opened` was clicked, read, copied
    from or liked.  `satisfied` was opened, and liked, copied from, read for long enough, or the last that was
    opened before a session went on to something else than the same question in other words.  `disliked` can be
    both.  `lost` counts actions on hits that the impression does not have.
    """

    impression: Impression
    words: str
    opened: frozenset[int]
    satisfied: frozenset[int]
    disliked: frozenset[int]
    lost: int = 0

    @property
    def user(self) -> str:
        return self.impression.user or self.impression.session

    @property
    def hits(self) -> Sequence[Hit]:
        return self.impression.hits

    def independent(self) -> str:
        """Whose reading it is, as far as chance goes: the user's, or where nobody was named the impression's own."""
        return self.user or f"\0{self.impression.id}"


def readings(seen: Iterable[Seen], satisfied_seconds: float) -> Iterator[Reading]:
    """One for each impression that showed something, in the order given."""
    given = list(seen)
    again = _asked_again(given)  # also by a search that found nothing
    for one in given:
        if one.impression.hits:
            yield _reading(one, one.impression.id in again, satisfied_seconds)


def _reading(seen: Seen, again: bool, satisfied_seconds: float) -> Reading:
    hits = seen.impression.hits
    first: dict[int, datetime.datetime] = {}
    seconds: dict[int, float] = {}
    liked: set[int] = set()
    disliked: set[int] = set()
    lost = 0
    for action in seen.actions:
        if action.kind in WHOLE:
            continue
        hit = hit_of(action, seen.impression)
        if hit is None:
            lost += 1
            continue
        place = hits.index(hit)
        if action.kind == "dislike":
            disliked.add(place)
        if action.kind in ("copy", "like"):
            liked.add(place)
        if action.kind in _OPENED:
            moment = at(action.time)
            first[place] = min(moment, first.get(place, moment))
        if action.seconds or action.kind == "dwell":
            seconds[place] = max(action.seconds, seconds.get(place, 0.0))
    read = {place for place, length in seconds.items() if length >= satisfied_seconds and place in first}
    satisfied = liked | read
    if first and not again and not any(action.kind in WHOLE for action in seen.actions):
        last = max(first, key=lambda place: (first[place], -place))
        satisfied |= {last} - seconds.keys()  # of a short reading, that it was the last says nothing
    return Reading(
        impression=seen.impression,
        words=normalised(seen.impression.query),
        opened=frozenset(first),
        satisfied=frozenset(satisfied),
        disliked=frozenset(disliked),
        lost=lost,
    )


def _asked_again(given: Sequence[Seen]) -> set[str]:
    """The impressions whose session went on with other words, and those of nobody's session, which may have.

    Any other words count: what is another question cannot be told from the same one asked in other words, and
    a click that satisfied less than it seems does more harm than one that is left out.
    """
    sessions: dict[tuple[str, str], list[Impression]] = defaultdict(list)
    unknown = set()
    for one in given:
        impression = one.impression
        if impression.user or impression.session:
            sessions[impression.user, impression.session].append(impression)
        else:
            unknown.add(impression.id)
    again = set(unknown)
    for impressions in sessions.values():
        ordered = sorted(impressions, key=lambda one: at(one.time))
        for before, after in reversed(list(itertools.pairwise(ordered))):
            soon = at(after.time) - at(before.time) <= PAUSE
            # the same words once more, before other ones, end nothing
            if soon and (after.id in again or normalised(after.query) != normalised(before.query)):
                again.add(before.id)
    return again


def at(time: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(time)
