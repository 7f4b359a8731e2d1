"""What of a log may be learnt from: machines, floods and slips left out when it is read, so that settings may change.

The log is read twice: once to see who is a machine, once to give back what is left.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, get_args

import msgspec

from idiolect.config import Feedback
from idiolect.lifecycle.feedback.action_rules import doubled, early, everything, hurried, instant, stranger
from idiolect.lifecycle.feedback.events import Action, Seen
from idiolect.lifecycle.feedback.resolving import resolved
from idiolect.lifecycle.feedback.user_rules import PACE, Asked, beyond, flooding, paced, repeated
from idiolect.records import Record

Rule = Literal[
    "not shown", "early", "instant", "stranger", "doubled", "everything", "flood", "pace", "repeated", "cap"
]

RULES: tuple[Rule, ...] = get_args(Rule)

MEANING: dict[Rule, str] = {
    "not shown": "actions on hits that were not shown",
    "early": "actions before their impression",
    "instant": "actions within milliseconds of it",
    "stranger": "actions of another user than was shown the hits",
    "doubled": "actions told twice within a second",
    "everything": "impressions with every hit clicked",
    "flood": "users who ask more in a minute than people do",
    "pace": "users who click faster than people do",
    "repeated": "the same query of a user, over and over",
    "cap": "impressions beyond a user's daily cap",
}


class LeftOut(Record, frozen=True, kw_only=True):
    """Impressions as a whole, with the actions on them; or single actions."""

    impressions: int = 0
    actions: int = 0


class Cleaned:
    """An iterable over what `read` gives twice, in the order of time; `left_out` counts once it was gone through."""

    def __init__(self, read: Callable[[], Iterable[Seen]], settings: Feedback) -> None:
        self._read = read
        self._settings = settings
        self.left_out: dict[str, LeftOut] = {}

    def __iter__(self) -> Iterator[Seen]:
        doomed, judged = self._judged()
        counts: dict[Rule, list[int]] = {rule: [0, 0] for rule in RULES}
        for seen in self._read():
            if (
                seen.impression.id not in judged
            ):  # it came in between: the next reading judges it with its user
                continue
            if rule := doomed.get(seen.impression.id):
                counts[rule][0] += 1
                counts[rule][1] += len(seen.actions)
                continue
            one, wrong = meant(seen)
            for broken, actions in wrong.items():
                counts[broken][1] += actions
            yield one
        self.left_out = {
            rule: LeftOut(impressions=impressions, actions=actions)
            for rule, (impressions, actions) in counts.items()
            if impressions or actions
        }

    def _judged(self) -> tuple[dict[str, Rule], set[str]]:
        """Impression → the rule that leaves it out; and all impressions that were looked at."""
        doomed: dict[str, Rule] = {}
        trails: dict[str, list[Asked]] = defaultdict(list)
        for seen in self._read():
            impression = seen.impression
            one, _ = meant(seen)
            if everything(one):
                doomed[impression.id] = "everything"
            asked = Asked(impression.id, impression.time, impression.query, hurried(one.actions, PACE))
            trails[impression.user or impression.session].append(asked)
        for user, trail in trails.items():
            self._judge(trail, doomed, known=bool(user))
        return doomed, {one.name for trail in trails.values() for one in trail}

    def _judge(self, trail: list[Asked], doomed: dict[str, Rule], known: bool) -> None:
        """Whoever gives neither user nor session counts as one: too many to be called a machine, but capped as one."""
        if known:
            machine: Rule | None = "flood" if flooding(trail, self._settings.flood_minute) else None
            machine = machine or ("pace" if paced(trail) else None)
            if machine:
                doomed.update(dict.fromkeys((one.name for one in trail), machine))
                return
        left = [one for one in trail if one.name not in doomed]
        again = repeated(left)
        doomed.update(dict.fromkeys(again, "repeated"))
        more = beyond([one for one in left if one.name not in again], self._settings.user_daily)
        doomed.update(dict.fromkeys(more, "cap"))


def meant(seen: Seen) -> tuple[Seen, dict[Rule, int]]:
    """The impression with the actions that somebody can have meant, each with its hit; and how many not, by rule."""
    kept: list[Action] = []
    wrong: dict[Rule, int] = defaultdict(int)
    for action in seen.actions:
        found = resolved(action, seen.impression)
        if found is None:
            wrong["not shown"] += 1
        elif rule := _broken(found, seen):
            wrong[rule] += 1
        else:
            kept.append(found)
    twice = doubled(kept)
    if twice:
        wrong["doubled"] += len(twice)
        kept = [action for place, action in enumerate(kept) if place not in twice]
    return msgspec.structs.replace(seen, actions=kept), wrong


def _broken(action: Action, seen: Seen) -> Rule | None:
    if early(action, seen.impression):
        return "early"
    if instant(action, seen.impression):
        return "instant"
    return "stranger" if stranger(action, seen.impression) else None
