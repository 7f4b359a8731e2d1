"""From what people did to queries that train: propensities, positives, negatives, and a report of all three."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from idiolect.config import Feedback
from idiolect.errors import FeedbackError
from idiolect.files import digest_text, replacing, write_json, write_jsonl
from idiolect.lifecycle.feedback import propensity
from idiolect.lifecycle.feedback.clicks import Reading, readings
from idiolect.lifecycle.feedback.events import Seen
from idiolect.lifecycle.feedback.learnt import CORRECTED, Learnt, LearntQuery, LearntReport
from idiolect.lifecycle.feedback.negatives import Teacher, negatives, passed_over
from idiolect.lifecycle.feedback.positives import positives

QUERIES, REPORT = "queries.jsonl", "report.json"
"""The files of WORK/learnt."""


def learn(
    seen: Iterable[Seen], settings: Feedback, teacher: Teacher, margin: float, teacher_name: str = ""
) -> Learnt:
    """What impressions and actions teach.

    A hit is passed over only where `teacher` puts it below `margin` × the lowest positive.  Raises
    FeedbackError where there is no impression.
    """
    given = list(readings(seen, settings.satisfied_seconds))
    if not given:
        raise FeedbackError(
            "nothing to learn from: no impression is left; keep some with `idiolect serve --feedback` or "
            "`idiolect feedback import`"
        )
    refused = ""
    propensities = None
    try:
        propensities = propensity.fit(given)
    except FeedbackError as error:
        refused = str(error)
    found = positives(given, propensities, settings.support, settings.worth)
    texts = _texts(given)
    passed = passed_over(given, found.positives, settings.examinations)
    against, unconfirmed = negatives(passed, found.positives, texts, teacher, margin)
    left_out = found.left_out + unconfirmed
    left_out["actions on hits that were not shown"] += sum(one.lost for one in given)
    asked: dict[str, list[Reading]] = defaultdict(list)
    for one in given:
        asked[one.words].append(one)
    queries = [
        LearntQuery(
            id="f" + digest_text(words)[:12],
            text=texts[words],
            impressions=len(asked[words]),
            users=len({one.user for one in asked[words]}),
            positives=answers,
            negatives=sorted(against.get(words, ()), key=lambda one: (-one.users, one.document, one.chunk)),
        )
        for words, answers in sorted(found.positives.items())
    ]
    times = [one.impression.time for one in given]
    report = LearntReport(
        impressions=len(given),
        users=len({one.user for one in given}),
        first=times[0],
        last=times[-1],
        clicks=sum(len(one.opened) for one in given),
        satisfied=sum(len(one.satisfied) for one in given),
        queries=len(queries),
        positives=sum(len(query.positives) for query in queries),
        negatives=sum(len(query.negatives) for query in queries),
        weighting=CORRECTED if propensities else "none",
        propensities=propensities,
        refused=refused,
        clipped=found.clipped,
        teacher=teacher_name,
        left_out=dict(sorted((+left_out).items())),
    )
    return Learnt(queries=queries, report=report)


def save(learnt: Learnt, folder: Path) -> None:
    """WORK/learnt, whole or not at all."""
    with replacing(folder) as draft:
        draft.mkdir()
        write_jsonl(draft / QUERIES, learnt.queries)
        write_json(draft / REPORT, learnt.report)


def _texts(given: Sequence[Reading]) -> dict[str, str]:
    """The normalised query → how it was spelled most often, the first of equals."""
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for one in given:
        spelled[one.words][" ".join(one.impression.query.split())] += 1
    return {words: counts.most_common(1)[0][0] for words, counts in spelled.items()}
