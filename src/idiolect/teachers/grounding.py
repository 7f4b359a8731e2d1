"""Verdicts applied: positives that do not support their query are taken out, queries left without are rejected."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from idiolect.records import Chunk, Query, RejectedQuery
from idiolect.teachers.filters import rejected
from idiolect.teachers.judge import Verdicts
from idiolect.teachers.per_query import by_chunk
from idiolect.teachers.verdicts import Question, Verdict

MOST_AT_ONCE = 25
"""Queries in one request: the verdicts on them fit into an answer of the longest length asked for."""


@dataclass
class Grounded:
    """What the judge left, in the order given; `unjudged` queries are kept as they were."""

    kept: list[Query] = field(default_factory=list)
    rejected: list[RejectedQuery] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    """Criterion → queries rejected by it."""
    positives_removed: int = 0
    unjudged: int = 0


def questions(pairs: Iterable[tuple[Query, str]], chunks: Mapping[str, Chunk]) -> list[Question]:
    """One question a chunk, of all the queries that stand with its id in `pairs`; large ones are divided."""
    return [Question(chunk, asking) for chunk, asking in by_chunk(pairs, chunks, MOST_AT_ONCE)]


def positives_of(queries: Iterable[Query]) -> list[tuple[Query, str]]:
    return [(query, identifier) for query in queries for identifier in query.positives]


def ground(queries: Sequence[Query], verdicts: Verdicts, minimum: int) -> Grounded:
    """Keep what the judge supports: the lowest criterion of each positive is to reach `minimum`.

    What was not judged counts neither for nor against a query.
    """
    result = Grounded()
    for query in queries:
        judged = {one: verdict for one in query.positives if (verdict := verdicts.get((query.id, one)))}
        refused = {one for one, verdict in judged.items() if verdict.lowest[1] < minimum}
        left = [one for one in query.positives if one not in refused]
        if not left:
            criterion, score = max((verdict.lowest for verdict in judged.values()), key=lambda low: low[1])
            result.reasons[criterion] += 1
            scored = replace(query, scores={**query.scores, **_scores(judged.values())})
            result.rejected.append(rejected(scored, f"judged: {criterion} {score} below {minimum}"))
            continue
        result.positives_removed += len(refused)
        supporting = [judged[one] for one in left if one in judged]
        if not supporting:
            result.unjudged += 1
        result.kept.append(_kept(query, left, supporting))
    return result


def _kept(query: Query, positives: list[str], supporting: Sequence[Verdict]) -> Query:
    if not supporting:
        return replace(query, positives=positives)
    scores = _scores(supporting)
    return replace(
        query,
        positives=positives,
        hops=min(query.hops, len(positives)) if len(positives) < len(query.positives) else query.hops,
        score=scores["judgment"] / 10,
        scores={**query.scores, **scores},
    )


def _scores(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """Each criterion's lowest over the verdicts, and the lowest of all as "judgment"."""
    lowest: dict[str, float] = {}
    for verdict in verdicts:
        for name, score in verdict.scores.items():
            lowest[name] = min(score, lowest.get(name, score))
    return {**lowest, "judgment": min(lowest.values())}
