"""What WORK/learnt holds: queries with what answered them, and what it was learnt from."""

from collections.abc import Iterator
from pathlib import Path

from idiolect.files import read_jsonl
from idiolect.lifecycle.feedback.propensity import Propensities
from idiolect.records import Record

CORRECTED = "inverse propensity"
"""How positives were weighted; "none" where the ranks' propensities are not known."""


class Positive(Record, frozen=True, kw_only=True):
    """A hit that satisfied `users` different people in `clicks` of the `impressions` that showed it for the query.

    `weight` is the share of those who examine it that it satisfies, as clicks weighted by inverse propensity
    estimate it: about 0 to 1, above 1 by chance.  It is 1 for all where propensities are not known.
    """

    document: str
    chunk: str = ""
    weight: float
    users: int
    clicks: int
    impressions: int


class Passed(Record, frozen=True, kw_only=True):
    """A hit that `users` different people passed over on their way to one below it that satisfied them.

    `score` and `positive_score` are the teacher's, of it and of the lowest of the query's positives.
    """

    document: str
    chunk: str = ""
    users: int
    score: float = 0.0
    positive_score: float = 0.0


class LearntQuery(Record, frozen=True, kw_only=True):
    """A query as it was mostly spelled, in the first of these spellings; the best positive comes first."""

    id: str
    text: str
    impressions: int
    users: int
    positives: list[Positive]
    negatives: list[Passed] = []


class LearntReport(Record, frozen=True, kw_only=True):
    """What queries.jsonl was made of.

    `propensities` are None where `refused` says why there are none.  `left_out`: what was not taken → how many.
    `clipped`: satisfied clicks whose weight was cut.  `teacher` is who confirmed negatives.
    """

    impressions: int
    users: int
    first: str
    last: str
    clicks: int
    satisfied: int
    queries: int
    positives: int
    negatives: int
    weighting: str
    propensities: Propensities | None
    refused: str
    clipped: int
    teacher: str
    left_out: dict[str, int]


class Learnt(Record, frozen=True, kw_only=True):
    queries: list[LearntQuery]
    report: LearntReport


def read_learnt(path: Path) -> Iterator[LearntQuery]:
    """The lines of WORK/learnt/queries.jsonl; none where there is no such file."""
    return read_jsonl(path, LearntQuery) if path.is_file() else iter(())
