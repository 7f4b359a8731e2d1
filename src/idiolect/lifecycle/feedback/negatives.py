"""Hits that people passed over on their way to what satisfied them, where a teacher agrees that they do not answer.

Skip above (Joachims et al. 2005, doi 10.1145/1076034.1076063): who opens a hit has mostly read those above it.  What
was shown and not clicked says nothing by itself: it may not have been seen.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from idiolect.lifecycle.feedback.clicks import Reading
from idiolect.lifecycle.feedback.learnt import Passed, Positive
from idiolect.lifecycle.feedback.positives import Key, key_of
from idiolect.mining.negatives import below


class Doubt(NamedTuple):
    """A question to the teacher: how well does `hit` answer the query, and how well do its `positives`?"""

    words: str
    text: str
    hit: Key
    positives: Sequence[Key]


class Opinion(NamedTuple):
    """What a teacher says of a hit and of the lowest of the positives, higher is better, on a scale of its own."""

    score: float
    positive: float


Teacher = Callable[[Sequence[Doubt]], Sequence[Opinion | None]]
"""An opinion of each doubt; None, or NaN in it, where nothing can be said."""


def passed_over(
    given: Iterable[Reading], positives: Mapping[str, Collection[Positive]], examinations: int
) -> dict[str, dict[Key, int]]:
    """The normalised query → the hits that nobody opened, and how many different people passed over each.

    Only what stood above a satisfied click counts, and only where `examinations` different people passed it
    over.  Unnamed users count as one.  Of hits of a document that has a positive for the query there are none.
    """
    skipped: dict[str, dict[Key, set[str]]] = defaultdict(lambda: defaultdict(set))
    opened: dict[str, set[Key]] = defaultdict(set)
    for one in given:
        opened[one.words].update(key_of(one.hits[place]) for place in one.opened | one.satisfied)
        lowest = max((one.hits[place].rank for place in one.satisfied - one.disliked), default=0)
        for place, hit in enumerate(one.hits):
            if hit.rank < lowest and place not in one.opened | one.disliked:
                skipped[one.words][key_of(hit)].add(one.user)
    found: dict[str, dict[Key, int]] = {}
    for words, answers in positives.items():
        answering = {positive.document for positive in answers}
        kept = {
            hit: len(users)
            for hit, users in skipped.get(words, {}).items()
            if len(users) >= examinations and hit not in opened[words] and hit[0] not in answering
        }
        if kept:
            found[words] = kept
    return found


def negatives(
    passed: Mapping[str, Mapping[Key, int]],
    positives: Mapping[str, Collection[Positive]],
    texts: Mapping[str, str],
    teacher: Teacher,
    margin: float,
) -> tuple[dict[str, list[Passed]], Counter[str]]:
    """Those that the teacher puts below `margin` × the lowest positive, as mined negatives must be; why others not."""
    doubts = [
        Doubt(words, texts[words], hit, [(one.document, one.chunk) for one in positives[words]])
        for words, hits in passed.items()
        for hit in hits
    ]
    left_out: Counter[str] = Counter()
    found: dict[str, list[Passed]] = defaultdict(list)
    for doubt, opinion in zip(doubts, teacher(doubts) if doubts else (), strict=True):
        if opinion is None or any(map(math.isnan, opinion)):
            left_out["passed over, and the teacher knows nothing of it"] += 1
        elif opinion.score >= below(opinion.positive, margin):
            left_out["passed over, and the teacher finds that it may answer"] += 1
        else:
            one = Passed(document=doubt.hit[0], chunk=doubt.hit[1], users=passed[doubt.words][doubt.hit])
            scores = {"score": round(opinion.score, 4), "positive_score": round(opinion.positive, 4)}
            found[doubt.words].append(replace(one, **scores))
    return dict(found), left_out
