"""Whether queries ask more about beginnings: where in documents, and where in chunks, their answers stand."""

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from idiolect.records import Chunk, Query, Record
from idiolect.teachers.reporting.words import locate

FIFTHS = 5


class Position(Record, frozen=True, kw_only=True):
    """Answers over the five fifths of what holds them, against the text that was there to ask about.

    `observed` and `expected` are shares that sum to 1.  `p` is of Pearson's χ² with `freedom`
    degrees.  An answer counts in each fifth for as much of it as lies there, and queries of one
    chunk are not independent, so `p` is a guide; among thousands of queries it is small for
    anything, and `cramers_v` (0 none, 1 the most) says how much it is.
    """

    queries: int
    observed: list[float]
    expected: list[float]
    chi_square: float
    freedom: int
    p: float
    cramers_v: float

    @property
    def fullest(self) -> int:
        """The fifth, counted from 0, that has most answers beyond its share of the text."""
        return max(range(FIFTHS), key=lambda fifth: self.observed[fifth] - self.expected[fifth])


def in_documents(queries: Sequence[Query], chunks: Sequence[Chunk]) -> Position | None:
    """Against the characters of the chunks that may train, at their places in their documents.

    A query stands where its answer was found in its chunk, else all over its chunk; several chunks
    share it.  None where there is no query.
    """
    by_id = {chunk.id: chunk for chunk in chunks}
    lengths = document_lengths(chunks)
    expected = [0.0] * FIFTHS
    for chunk in chunks:
        if chunk.trains:
            fifths = spread(chunk.start, chunk.end, lengths[chunk.document_id])
            expected = [sum(pair) for pair in zip(expected, _times(fifths, len(chunk.text)), strict=True)]
    observed = [0.0] * FIFTHS
    counted = 0
    for query in queries:
        holders = [by_id[name] for name in query.positives if name in by_id]
        counted += bool(holders)
        for chunk in holders:
            start, end = answer_place(query, by_id) or (0, len(chunk.text))
            fifths = spread(chunk.start + start, chunk.start + end, lengths[chunk.document_id])
            observed = [sum(pair) for pair in zip(observed, _times(fifths, 1 / len(holders)), strict=True)]
    return compare(observed, expected, counted) if counted else None


def document_lengths(chunks: Sequence[Chunk]) -> dict[str, int]:
    """Document → where its last chunk ends, in characters."""
    lengths: dict[str, int] = defaultdict(int)
    for chunk in chunks:
        lengths[chunk.document_id] = max(lengths[chunk.document_id], chunk.end)
    return lengths


def in_chunks(queries: Sequence[Query], chunks: Sequence[Chunk]) -> Position | None:
    """Of the answers that were found in their chunks' text, against an even spread; None without any.

    Copied queries are left out: they were drawn evenly, and long cuts cannot lie at the very ends.
    """
    by_id = {chunk.id: chunk for chunk in chunks}
    observed = [0.0] * FIFTHS
    counted = 0
    for query in queries:
        if not query.copied and (place := answer_place(query, by_id)):
            fifths = spread(*place, len(by_id[query.source].text))
            observed = [sum(pair) for pair in zip(observed, fifths, strict=True)]
            counted += 1
    return compare(observed, [1.0] * FIFTHS, counted) if counted else None


def answer_place(query: Query, chunks: Mapping[str, Chunk]) -> tuple[int, int] | None:
    """Where a query of one chunk has its answer in the chunk's text; a copied one's is what was cut out.

    None for headings, which stand at the top of their answer, not where it is.
    """
    chunk = chunks.get(query.source)
    answer = query.cut if query.copied else query.answer
    if chunk is None or query.positives != [chunk.id] or not answer or answer in chunk.headings:
        return None
    return locate(answer, chunk.text)


def spread(start: int, end: int, length: int) -> list[float]:
    """What share of the stretch from `start` to `end` lies in each fifth of `length`; sums to 1."""
    edges = [length * fifth / FIFTHS for fifth in range(FIFTHS + 1)]
    parts = [max(min(end, high) - max(start, low), 0.0) for low, high in itertools.pairwise(edges)]
    total = sum(parts)
    return [part / total for part in parts] if total else [1 / FIFTHS] * FIFTHS


def compare(observed: Sequence[float], expected: Sequence[float], queries: int) -> Position:
    """Pearson's test of `queries` spread as `observed` against `expected`; both are made shares here.

    A fifth without text is left out.  Cramér's V is sqrt(χ² / (queries · freedom)).
    """
    seen = _times(observed, 1 / sum(observed))
    due = _times(expected, 1 / sum(expected)) if sum(expected) else [1 / FIFTHS] * FIFTHS
    pairs = [(one, other) for one, other in zip(seen, due, strict=True) if other]
    statistic = queries * math.fsum((one - other) ** 2 / other for one, other in pairs)
    freedom = len(pairs) - 1
    return Position(
        queries=queries,
        observed=seen,
        expected=due,
        chi_square=statistic,
        freedom=freedom,
        p=chi_square_tail(statistic, freedom) if freedom else 1.0,
        cramers_v=math.sqrt(statistic / (queries * freedom)) if freedom else 0.0,
    )


def chi_square_tail(statistic: float, freedom: int) -> float:
    """P(χ² ≥ statistic), by the finite series for whole degrees of freedom (Abramowitz & Stegun 26.4.4-5)."""
    half = statistic / 2
    offset = 0.0 if freedom % 2 == 0 else 0.5
    tail = 0.0 if freedom % 2 == 0 else math.erfc(math.sqrt(half))
    for step in range(freedom // 2):
        power = step + offset
        if half:
            tail += math.exp(power * math.log(half) - half - math.lgamma(power + 1))
        elif power == 0:
            tail += 1.0
    return min(tail, 1.0)


def _times(values: Sequence[float], factor: float) -> list[float]:
    return [value * factor for value in values]
