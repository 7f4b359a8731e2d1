"""Which hits answer a query, by the satisfied clicks of several people, and how well."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from idiolect.lifecycle.feedback.clicks import Reading
from idiolect.lifecycle.feedback.events import Hit
from idiolect.lifecycle.feedback.learnt import Positive
from idiolect.lifecycle.feedback.propensity import Propensities

MOST_WEIGHT = 10.0
"""What 1/theta is cut to (clipping: Strehl et al. 2010, arXiv 1003.0120; Joachims et al. 2017, arXiv 1608.04468).

Where fewer than one in ten look, one click by mistake would weigh more than all that was read at the top.  Cut weights
are too small, never too large: what is found so far down counts for less than it should.
"""

Key = tuple[str, str]
"""A hit's document and chunk."""


def key_of(hit: Hit) -> Key:
    return hit.document, hit.chunk


@dataclass
class Evidence:
    """What is known of one hit for one query."""

    impressions: int = 0
    clicks: int = 0
    opened: int = 0
    weight: float = 0.0
    users: set[str] = field(default_factory=set)
    against: set[str] = field(default_factory=set)


@dataclass
class Found:
    """`positives`: the normalised query → its positives, the best first; `left_out`: why not → how many."""

    positives: dict[str, list[Positive]]
    left_out: Counter[str]
    clipped: int


def positives(
    given: Iterable[Reading], propensities: Propensities | None, support: int, worth: float
) -> Found:
    """Hits that satisfied `support` different people at least, more than disliked them, and `worth` × as many of those
    who saw them as the query's best did: the more often a query is asked, the more clicks by mistake any hit gathers.

    With propensities, each satisfied click weighs 1/theta of its rank, and the sum of these over the
    impressions is an unbiased estimate of relevance (Joachims et al. 2017).  What stood at a rank of which nothing is
    known is left out, clicked or not: clicks without what was not clicked there would make it better than it is.
    Without propensities every positive weighs 1: at whatever rank, a click that satisfied says that the hit answers,
    but how often it was clicked says more of where it stood than of how well it answers.  What is compared with the
    best is then that share of impressions, as it is.

    Unnamed users count as one: they may all be the same.
    """
    evidence: dict[str, dict[Key, Evidence]] = defaultdict(lambda: defaultdict(Evidence))
    left_out: Counter[str] = Counter()
    clipped = 0
    thetas = propensities.by_rank if propensities else {}
    for one in given:
        for place, hit in enumerate(one.hits):
            theta = thetas.get(hit.rank) if propensities else 1.0
            found = evidence[one.words][key_of(hit)]
            if place in one.disliked:
                found.against.add(one.user)
            if theta is None:
                left_out["satisfied clicks at ranks without propensity"] += place in one.satisfied
                continue
            found.impressions += 1
            if place in one.satisfied and place not in one.disliked:
                weight = min(1.0 / theta, MOST_WEIGHT)
                clipped += 1.0 / theta > MOST_WEIGHT
                found.clicks += 1
                found.weight += weight
                found.users.add(one.user)
    kept: dict[str, list[Positive]] = {}
    for words, hits in evidence.items():
        chosen = []
        for (document, chunk), found in hits.items():
            if not found.clicks:
                continue
            if len(found.users) < support:
                left_out[f"satisfied fewer than {support} people"] += 1
            elif len(found.against) >= len(found.users):
                left_out["disliked by as many as it satisfied"] += 1
            else:
                chosen.append(
                    Positive(
                        document=document,
                        chunk=chunk,
                        weight=round(found.weight / found.impressions, 4),
                        users=len(found.users),
                        clicks=found.clicks,
                        impressions=found.impressions,
                    )
                )
        bar = worth * max((one.weight for one in chosen), default=0.0)
        best = [one for one in chosen if one.weight >= bar]
        left_out[f"satisfied less than {worth:g} x what the query's best did"] += len(chosen) - len(best)
        if best:
            best.sort(key=lambda one: (-one.weight, -one.users, one.document, one.chunk))
            kept[words] = best if propensities else [replace(one, weight=1.0) for one in best]
    return Found(kept, +left_out, clipped)
