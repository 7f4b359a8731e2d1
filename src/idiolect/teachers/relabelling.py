"""False negatives made positives: what ranks above a query's chunk may well answer it too, so it is judged."""

from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from idiolect.records import Chunk, Query
from idiolect.teachers.grounding import questions
from idiolect.teachers.judge import Verdicts
from idiolect.teachers.roundtrip import Place
from idiolect.teachers.verdicts import Question

MOST_A_QUERY = 3
"""Chunks above its own that a query is shown with."""
MOST_CALLS = 300
"""Requests at most in a run; those about the most queries come first."""


def candidates(
    queries: Sequence[Query], found: Mapping[str, Place], chunks: Mapping[str, Chunk]
) -> list[Question]:
    """Chunks that rank above a query's best positive, of its own document or another.

    `found` maps query ids to places.  A query of several hops is left as it is, since what answers a
    part of it is no positive.  Duplicates are left out: another chunk that says the same
    stands for them; so is what is mostly boilerplate, and what `chunks` does not hold.
    """
    pairs = [
        (query, identifier)
        for query in queries
        if query.hops == 1
        for identifier in islice(
            (one for one in found[query.id].above if _may_answer(one, query, chunks)),
            MOST_A_QUERY,
        )
    ]
    asked = questions(pairs, chunks)
    asked.sort(key=lambda question: -len(question.queries))
    return asked[:MOST_CALLS]


def _may_answer(identifier: str, query: Query, chunks: Mapping[str, Chunk]) -> bool:
    chunk = chunks.get(identifier)
    return chunk is not None and chunk.trains and identifier not in query.positives


def relabel(queries: Sequence[Query], verdicts: Verdicts, minimum: int) -> tuple[list[Query], int]:
    """The queries with the chunks that the judge supports as further positives, and how many were added."""
    supported: dict[str, list[str]] = {}
    added = 0
    for (query_id, chunk_id), verdict in verdicts.items():
        if verdict.lowest[1] >= minimum:
            supported.setdefault(query_id, []).append(chunk_id)
    relabelled = []
    for query in queries:
        further = sorted(set(supported.get(query.id, ())) - set(query.positives))
        added += len(further)
        relabelled.append(replace(query, positives=[*query.positives, *further]) if further else query)
    return relabelled, added
