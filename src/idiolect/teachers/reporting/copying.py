"""How much of the queries is copied from their chunks, word for word."""

from collections.abc import Sequence
from statistics import fmean

from idiolect.records import Chunk, Query, Record
from idiolect.teachers.reporting.coverage import share
from idiolect.teachers.reporting.words import longest_run, words

COPIED_SHARE = 0.5
"""A query is a copy where more than this share of its words stands in its chunk in one piece, and …"""
COPIED_WORDS = 5
"""… so many words at least: names and terms of fewer words have no other wording.  Both judgement calls."""
_EXAMPLES = 3


class Copying(Record, frozen=True, kw_only=True):
    """Of `queries` that were written, not cut out: the longest run of words that stands in the chunk as well.

    `mean_share` is that run's share of the query's words; `copies` the share of queries that are
    copies by COPIED_SHARE and COPIED_WORDS, `examples` the ids of the worst of them.
    """

    queries: int
    mean_share: float
    copies: float
    examples: list[str]


def copying(queries: Sequence[Query], chunks: Sequence[Chunk]) -> Copying | None:
    """None where every query was cut out of its chunk on purpose."""
    sources = {chunk.id: chunk for chunk in chunks}
    held: dict[str, list[str]] = {}
    runs: dict[str, tuple[float, int]] = {}
    for query in queries:
        asked = [word.text for word in words(query.text)]
        if query.copied or not asked or query.source not in sources:
            continue
        if query.source not in held:
            held[query.source] = [word.text for word in words(sources[query.source].passage.full_text)]
        run = longest_run(asked, held[query.source])
        runs[query.id] = (run / len(asked), run)
    if not runs:
        return None
    copies = [name for name, (part, run) in runs.items() if part > COPIED_SHARE and run >= COPIED_WORDS]
    return Copying(
        queries=len(runs),
        mean_share=fmean(part for part, _ in runs.values()),
        copies=share(len(copies), len(runs)),
        examples=sorted(copies, key=lambda name: (-runs[name][1], name))[:_EXAMPLES],
    )
