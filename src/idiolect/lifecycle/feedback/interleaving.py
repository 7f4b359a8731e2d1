"""Two rankings in one list, and whose hits people open: team-draft interleaving."""

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from idiolect.errors import FeedbackError
from idiolect.evaluation.significance import compare
from idiolect.lifecycle.feedback.clicks import Reading
from idiolect.records import Record

T = TypeVar("T")


class Preference(Record, frozen=True, kw_only=True):
    """How the team `b` did against `a`: `share` of the impressions that either won went to b.

    `ci95` and two-sided `p` count each user as one draw; with fewer than six users who decided anything nothing can be
    said, and the interval is [0, 1].  `ties` had as many clicks on either's hits; `unclicked` none.
    """

    a: str
    b: str
    impressions: int
    unclicked: int
    ties: int
    wins_a: int
    wins_b: int
    users: int
    share: float
    ci95: tuple[float, float]
    p: float


def team_draft(
    a: Sequence[T],
    b: Sequence[T],
    teams: tuple[str, str],
    seed: int,
    impression: str,
    count: int,
    key: Callable[[T], Hashable],
) -> list[tuple[T, str]]:
    """The first `count` items of two rankings in turns, and the team of each; what has one `key` is the same.

    Each round a fair coin, which is the impression's own, says who picks first; each side picks its best that is
    not there yet (Radlinski, Kurup and Joachims 2008, doi 10.1145/1458082.1458092).
    """
    coin = random.Random(f"{seed}/{impression}")
    sides = [iter(a), iter(b)]
    taken: set[Hashable] = set()
    drawn: list[tuple[T, str]] = []

    def pick(side: int) -> bool:
        for item in sides[side]:
            if key(item) not in taken:
                taken.add(key(item))
                drawn.append((item, teams[side]))
                return True
        return False

    while len(drawn) < count:
        first = int(coin.random() < 0.5)
        picked = False
        for side in (first, 1 - first):
            if len(drawn) < count:
                picked |= pick(side)
        if not picked:
            break
    return drawn


def preference(given: Iterable[Reading], seed: int, teams: tuple[str, str] | None = None) -> Preference:
    """What interleaved impressions say; those without teams, or with others than `teams`, are no part of it.

    Without `teams` they are the two that there are, in the order of their names.  Raises FeedbackError where
    nothing was interleaved, more than two teams were, or `teams` are not two of them.
    """
    rows = [one for one in given if any(hit.team for hit in one.hits)]
    names = sorted({hit.team for one in rows for hit in one.hits if hit.team})
    if not rows:
        raise FeedbackError(
            "nothing was interleaved: no hit of any impression has a `team`; show two rankings in one list first"
        )
    if teams is None:
        if len(names) != 2:
            raise FeedbackError(
                f"{len(names)} teams were interleaved ({', '.join(names)}): name the two to compare"
            )
        teams = names[0], names[1]
    if odd := sorted({*teams} - {*names}):
        raise FeedbackError(f"no hit is of the team {odd[0]!r}: there are {', '.join(names)}")
    if teams[0] == teams[1]:
        raise FeedbackError(f"{teams[0]} cannot be compared with itself: name two teams")
    rows = [one for one in rows if {hit.team for hit in one.hits} <= {*teams, ""}]
    won: dict[str, dict[str, float]] = {team: {} for team in teams}
    users: dict[str, str] = {}
    unclicked = ties = 0
    for one in rows:
        clicks = {team: sum(one.hits[place].team == team for place in one.opened) for team in teams}
        unclicked += not any(clicks.values())
        if clicks[teams[0]] == clicks[teams[1]]:
            ties += bool(clicks[teams[0]])
            continue
        name = one.impression.id
        users[name] = one.independent()
        for team, other in (teams, teams[::-1]):
            won[team][name] = float(clicks[team] > clicks[other])
    wins = [int(sum(won[team].values())) for team in teams]
    share, interval, p = 0.5, (0.0, 1.0), 1.0
    if users:
        found = compare(won[teams[0]], won[teams[1]], users, seed)
        share = (1 + found.delta) / 2
        interval = (max((1 + found.ci95[0]) / 2, 0.0), min((1 + found.ci95[1]) / 2, 1.0))
        p = found.p
    return Preference(
        a=teams[0],
        b=teams[1],
        impressions=len(rows),
        unclicked=unclicked,
        ties=ties,
        wins_a=wins[0],
        wins_b=wins[1],
        users=len(set(users.values())),
        share=share,
        ci95=interval,
        p=p,
    )
