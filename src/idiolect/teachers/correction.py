"""A plan in two: a sample of the requests goes out first, and the rest is asked against what its queries lean to.

What is changed is drawn by document, as the plan is, and by weights in steps: the same answers, or
nearly the same, make the same second part, whose answers are then in the cache.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from idiolect.config import Generate
from idiolect.records import Chunk
from idiolect.teachers.base import Generated
from idiolect.teachers.plan import Ask, Draw
from idiolect.teachers.reporting.before_and_after import Corrected
from idiolect.teachers.reporting.change import FEWEST_KEPT, Change, change_against
from idiolect.teachers.reporting.lead_bias import FIFTHS, document_lengths, spread
from idiolect.teachers.reporting.weights import LEAST, MOST
from idiolect.teachers.writing import reach

EVERY = 3
"""One of so many requests is made before anything is corrected."""
_PARTIAL = 1.5
"""Requests for each one that is likely to be made, from which another order changes more than other counts do."""


@dataclass(frozen=True)
class Division:
    """The requests that are made `first` and the `rest`, each in the order of the plan.

    `partial`: a third or more of the plan lies beyond what `max_queries` and `max_calls` allow for.
    """

    first: list[Ask]
    rest: list[Ask]
    partial: bool = False


def divide(asks: Sequence[Ask], settings: Generate, seed: int) -> Division:
    """The first part is every third request about each document, of the stretch that is likely to be asked.

    Not the plan's own first part: that asks about the beginnings of documents, and leans to them
    whatever the teacher does.  Which of three is drawn by document, so that a further document moves
    no other request from one part to the other.  Empty where `generate.correct` is off, or where
    fewer than FEWEST_KEPT queries would be asked for.
    """
    # the last request of the stretch stays in the rest: without a change the stretch then ends where it would
    end = min(reach(asks, 0, settings.max_queries) - 1, settings.max_calls)
    turns: dict[str, int] = {}
    drawn = []
    for place, ask in enumerate(asks):
        document = ask.chunks[0].document_id
        if document not in turns:
            turns[document] = random.Random(f"{seed}/first/{document}").randrange(EVERY)
        drawn.append(place < end and turns[document] % EVERY == 0)
        turns[document] += 1
    first = [ask for ask, is_first in zip(asks, drawn, strict=True) if is_first]
    if not settings.correct or sum(ask.count for ask in first) < FEWEST_KEPT:
        return Division([], list(asks))
    rest = [ask for ask, is_first in zip(asks, drawn, strict=True) if not is_first]
    return Division(first, rest, len(asks) >= _PARTIAL * end)


def found(first: Sequence[Ask], so_far: Generated, chunks: Sequence[Chunk]) -> Corrected | None:
    """What to change after the requests `first`, which brought `so_far`; `chunks` are all to be asked about.

    None where nothing is to be changed.
    """
    styles, asked = queries_by_style(first), queries_by_chunk(first)
    change = change_against(so_far.queries, so_far.rejected, chunks, asked=asked, styles=styles)
    if not change.findings:
        return None
    written = frozenset(query.id for query in (*so_far.queries, *so_far.rejected))
    return Corrected(change, written, styles, asked)


def queries_by_style(asks: Sequence[Ask]) -> Counter[str]:
    return Counter(style for ask in asks for style in ask.styles)


def queries_by_chunk(asks: Sequence[Ask]) -> dict[str, float]:
    """Chunk id → queries; those of a bundle are divided among its chunks."""
    counts: defaultdict[str, float] = defaultdict(float)
    for ask in asks:
        for chunk in ask.chunks:
            counts[chunk.id] += ask.count / len(ask.chunks)
    return counts


def replan(
    division: Division, change: Change, chunks: Sequence[Chunk], draw: Draw, per_chunk: int
) -> list[Ask]:
    """The rest of a plan as `change` wants it.

    What weighs less comes later where the plan is `partial`; else fewer queries are asked of each such
    chunk, and up to 2 × `per_chunk` of the others.  `draw` gives styles, by weights that hold the
    change's already, and parts; requests that nothing changes stay as they are.
    """
    lengths = document_lengths(chunks)
    weights = [request_weight(ask, change, lengths) for ask in division.rest]
    counts = [ask.count for ask in division.rest]
    times: list[float] = _times(division.rest, lengths) if change.evenly else list(range(1, len(weights) + 1))
    if division.partial:
        times = [time / weight for time, weight in zip(times, weights, strict=True)]
    else:
        counts = _scaled(division.rest, weights, 2 * per_chunk)
    asks = []
    for ask, count in zip(division.rest, counts, strict=True):
        styles, parts = ask.styles, ask.parts
        if count and (change.styles or count != ask.count):
            styles = draw.styles(ask.chunks, count)
        if change.parts and not ask.is_multi_hop:
            parts = draw.parts(ask.chunks[0].document_id, count)
        asks.append(replace(ask, count=count, styles=styles, parts=parts))
    return [asks[place] for place in sorted(range(len(asks)), key=times.__getitem__) if asks[place].count]


def _times(asks: Sequence[Ask], lengths: Mapping[str, int]) -> list[float]:
    """When each request has its turn so that, at any time, each fifth of the documents is done by the same share.

    A chunk belongs to the fifth that holds its middle; within a fifth the order is that of `asks`.
    """
    fifths = []
    for ask in asks:
        chunk = ask.chunks[0]
        middle = (chunk.start + chunk.end) / 2
        fifths.append(int(FIFTHS * middle / max(lengths[chunk.document_id], 1)))
    sizes, done = Counter(fifths), Counter[int]()
    times = []
    for fifth in fifths:
        done[fifth] += 1
        times.append(done[fifth] / sizes[fifth])
    return times


def request_weight(ask: Ask, change: Change, lengths: Mapping[str, int]) -> float:
    """The mean over the chunks of a request, from LEAST to MOST; `lengths` are those of documents.

    A chunk's is its document's, times that of the fifths of the document that it lies in against the
    mean of all five: a chunk that is its whole document has the document's.
    """
    weights = []
    for chunk in ask.chunks:
        weight = change.documents.get(chunk.document_id, change.others)
        if change.fifths:
            fifths = spread(chunk.start, chunk.end, lengths[chunk.document_id])
            held = sum(part * fifth for part, fifth in zip(fifths, change.fifths, strict=True))
            weight *= held / fmean(change.fifths)
        weights.append(weight)
    return min(max(fmean(weights), LEAST), MOST)


def _scaled(asks: Sequence[Ask], weights: Sequence[float], most: int) -> list[int]:
    """The queries to ask for, in whole numbers that keep each document's sum of count × weight within one."""
    over: defaultdict[str, float] = defaultdict(lambda: 0.5)
    counts = []
    for ask, weight in zip(asks, weights, strict=True):
        document = ask.chunks[0].document_id
        due = over[document] + ask.count * weight
        over[document] = due % 1
        counts.append(min(int(due), most))
    return counts
