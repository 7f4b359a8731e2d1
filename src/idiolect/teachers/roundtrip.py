"""Round trip: a query is to find its own chunk again, and not all of them at the first glance."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from idiolect.config import Generate
from idiolect.mining.fusion import fuse
from idiolect.mining.ranking import Corpus
from idiolect.mining.top import top
from idiolect.records import Query, RejectedQuery
from idiolect.teachers.filters import rejected

ABOVE = 12
"""Chunks remembered that rank above a query's best positive."""


def ranks(settings: Generate) -> bool:
    """Whether generate ranks an LLM's queries over the corpus, for which the base model is loaded."""
    return settings.teacher == "llm" and (
        settings.round_trip > 0 or settings.easy_share < 1 or settings.judge
    )


@dataclass(frozen=True)
class Place:
    """Where a query's best positive stands, from 1, in each ranking; a tie counts against it.

    `above` are the chunks that the fused ranking puts before it, best first, ABOVE at most.
    Duplicates of a positive count as positives.
    """

    fused: int
    dense: int
    lexical: int
    above: tuple[str, ...]

    @property
    def easy(self) -> bool:
        return self.dense == self.lexical == 1


def places(
    queries: Sequence[Query], vectors: np.ndarray, corpus: Corpus, same: Mapping[str, Sequence[str]]
) -> Iterator[Place]:
    """Each query's place; `vectors` float32 [queries, d], `same` chunk id → ids of what says the same."""
    for query, vector in zip(queries, vectors, strict=True):
        relevant = np.zeros(len(corpus.ids), bool)
        for positive in query.positives:
            relevant[[corpus.columns[one] for one in same.get(positive, [positive])]] = True
        dense, lexical = corpus.dense(vector), corpus.lexical(query.text)
        fused = fuse(dense, lexical, corpus.fusion.weight, corpus.fusion.candidates)
        rank = _rank(fused, relevant)
        before = top(np.where(relevant, -np.inf, fused), min(rank - 1, ABOVE)) if rank > 1 else ()
        yield Place(
            fused=rank,
            dense=_rank(dense, relevant),
            lexical=_rank(lexical, relevant),
            above=tuple(corpus.ids[column] for column in before),
        )


def _rank(scores: np.ndarray, relevant: np.ndarray) -> int:
    return 1 + int(np.count_nonzero(scores[~relevant] >= scores[relevant].max()))


@dataclass
class RoundTrip:
    """What the round trip left, in the order given, with ranks in the scores."""

    kept: list[Query] = field(default_factory=list)
    rejected: list[RejectedQuery] = field(default_factory=list)
    not_found: int = 0
    easy: int = 0
    """Easy queries among those kept."""
    too_easy: int = 0

    def notes(self, easy_share: float) -> Iterator[str]:
        """What the two tests cost, and what to do where `easy_share` costs more than half of all."""
        yield f"round trip: {self.not_found:,} queries do not find their chunk, {self.too_easy:,} are too easy"
        written, found = len(self.kept) + len(self.rejected), len(self.kept) + self.too_easy
        if self.too_easy:
            cost = f"generate.easy_share = {easy_share:g} costs {self.too_easy:,} of {written:,} queries"
            if 2 * self.too_easy > written:
                easy = (self.easy + self.too_easy) / found
                half = math.ceil(100 * max(2 * easy - 1, 0.0) - 1e-9) / 100
                cost += (
                    f", since {easy:.0%} of those that find their chunk are easy: raise it; "
                    f"{half:g} would keep half of these, 1 all"
                )
            yield cost


def travel(
    queries: Sequence[Query], found: Sequence[Place], within: int, easy_share: float, seed: int
) -> RoundTrip:
    """Reject queries whose chunk is not among the first `within` (0: none), and draw among the easy ones.

    Of the queries kept, at most `easy_share` are easy; which of these stay is drawn by `seed`.
    """
    result = RoundTrip()
    ranked: list[tuple[Query, bool, str]] = []
    for query, place in zip(queries, found, strict=True):
        scores = {**query.scores, "rank": float(place.fused)} | ({"easy": 1.0} if place.easy else {})
        lost = f"its chunk ranks {place.fused:,}, not within {within:,}" if 0 < within < place.fused else ""
        ranked.append((replace(query, scores=scores), place.easy, lost))
    easy = [query.id for query, is_easy, lost in ranked if is_easy and not lost]
    hard = sum(not is_easy and not lost for _, is_easy, lost in ranked)
    stay = set(random.Random(seed).sample(easy, _easy_that_stay(len(easy), hard, easy_share)))
    for query, is_easy, lost in ranked:
        if lost:
            result.not_found += 1
            result.rejected.append(rejected(query, lost))
        elif is_easy and query.id not in stay:
            result.too_easy += 1
            result.rejected.append(rejected(query, "too easy: its chunk is first by dense and by BM25 both"))
        else:
            result.easy += is_easy
            result.kept.append(query)
    return result


def _easy_that_stay(easy: int, hard: int, share: float) -> int:
    if share >= 1:
        return easy
    # a share of 0.3 is to let 3 of 10 through, whatever the last binary digit says
    return min(easy, math.floor(hard * share / (1 - share) + 1e-9))
