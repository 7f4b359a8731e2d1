"""The fusion, chosen on queries ranked over the whole corpus: masked pseudo-queries, and people's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.fusion import (
    DOCUMENTED_DEFAULT,
    WEIGHTS,
    Sides,
    reciprocal_ranks,
    weight_curve,
)
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Chunk, Fusion, Passage, Query
from idiolect.runtimes.base import Vectors

Curve = Mapping[float, float]
"""Fusion weight → mean reciprocal rank of the best passage that answers a query."""

LEXICAL_SETTINGS = ((0.9, 0.4), (1.2, 0.75))
"""BM25's (k1, b) that are tried: those of short passages as in MS MARCO, and those of Lucene."""

_RESAMPLES = 1_000


@dataclass(frozen=True)
class Asked:
    """A query that somebody asked, and the ids of the chunks of all documents that answer it."""

    text: str
    relevant: Sequence[str]


@dataclass(frozen=True)
class Weighed:
    """The fusion with the weight chosen; `curve` is the mean of `curves` by their names.

    `interval` holds 95% of the weights at which the curve of bootstrapped queries is highest; None
    without queries.
    """

    fusion: Fusion
    curve: dict[str, float]
    curves: dict[str, dict[str, float]]
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Queries:
    """Queries to weigh on: their vectors [queries, d], and the passages with theirs that they are ranked over."""

    texts: Sequence[str]
    vectors: Vectors
    relevant: Sequence[Sequence[str]]
    passages: Sequence[Passage]
    passage_vectors: Vectors

    def reciprocal_ranks(self, fusion: Fusion) -> np.ndarray:
        """float [queries, WEIGHTS]"""
        corpus = Corpus(self.passages, self.passage_vectors, fusion)
        columns = [[corpus.columns[name] for name in names] for names in self.relevant]
        return reciprocal_ranks(self._sides(corpus), columns)

    def _sides(self, corpus: Corpus) -> Iterator[Sides]:
        for text, vector in zip(self.texts, self.vectors, strict=True):
            yield Sides(corpus.dense(vector), corpus.lexical(text), corpus.fusion.candidates)


def choose_weight(
    chunks: Sequence[Chunk],
    vectors: Vectors,
    masked: Sequence[Query],
    asked: Sequence[Asked],
    fusion: Fusion,
    encoder: CachedEncoder,
    lexical: Sequence[tuple[float, float]] = (),
) -> Weighed:
    """The documented weight, unless the queries say otherwise; that of `fusion` where there are no queries at all.

    A few hundred queries make a flat, noisy curve, and those cut from the text favour neither side
    as people do: of the weights that its 95% interval holds, the one nearest to the documented
    default is taken.  `vectors` are the chunks' own, float32 [chunks, d].  Masked queries are many and artificial,
    those that people asked few and real: neither is left out where there are both.  Of the (k1, b)
    in `lexical`, the ones of `fusion` where it is empty, those with the highest curve are taken.
    """
    given: dict[str, _Queries] = {}
    if masked:
        given["masked"] = _masked(chunks, vectors, masked, encoder)
    if asked:
        given["labelled"] = _labelled(chunks, vectors, asked, encoder)
    if not given:
        return Weighed(fusion, {}, {})
    tried = []
    for k1, b in lexical or [(fusion.k1, fusion.b)]:
        setting = replace(fusion, k1=k1, b=b)
        ranks = {name: queries.reciprocal_ranks(setting) for name, queries in given.items()}
        tried.append((setting, ranks, _mean(ranks)))
    setting, ranks, mean = max(tried, key=lambda one: max(one[2].values()))
    interval = _interval(ranks)
    return Weighed(
        replace(setting, weight=_settled(interval)),
        _written(mean),
        {name: _written(weight_curve(found)) for name, found in ranks.items()},
        interval,
    )


def _mean(ranks: Mapping[str, np.ndarray]) -> dict[float, float]:
    """The mean of the curves of all sets of queries, large or small."""
    curves = [weight_curve(found) for found in ranks.values()]
    return {weight: sum(curve[weight] for curve in curves) / len(curves) for weight in WEIGHTS}


def _settled(interval: tuple[float, float]) -> float:
    low, high = interval
    inside = [weight for weight in WEIGHTS if low <= weight <= high]
    return min(inside, key=_from_default)


def _from_default(weight: float) -> float:
    return abs(weight - DOCUMENTED_DEFAULT.weight)


def _interval(ranks: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Percentile bootstrap over queries, each set drawn by itself."""
    generator = np.random.default_rng(0)
    chosen = []
    for _ in range(_RESAMPLES):
        drawn = {name: found[generator.integers(0, len(found), len(found))] for name, found in ranks.items()}
        curve = _mean(drawn)
        chosen.append(max(curve, key=lambda weight: (curve[weight], -_from_default(weight))))
    low, high = np.quantile(chosen, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def _masked(
    chunks: Sequence[Chunk], vectors: Vectors, masked: Sequence[Query], encoder: CachedEncoder
) -> _Queries:
    """Pseudo-queries that are to find the chunks they were cut from; those are encoded again without them."""
    changed = masked_passages(chunks, masked)
    columns = {chunk.id: column for column, chunk in enumerate(chunks)}
    replaced = vectors.copy()
    if changed:
        texts = [passage.full_text for passage in changed.values()]
        replaced[[columns[identifier] for identifier in changed]] = encoder.encode(texts, "passage")
    same = saying_the_same(chunks)
    texts = [query.text for query in masked]
    relevant = [[copy for positive in query.positives for copy in same[positive]] for query in masked]
    return _Queries(texts, encoder.encode(texts, "query"), relevant, with_masks(chunks, changed), replaced)


def _labelled(
    chunks: Sequence[Chunk], vectors: Vectors, asked: Sequence[Asked], encoder: CachedEncoder
) -> _Queries:
    """People's queries that are to find a chunk of a document that answers them."""
    texts = [query.text for query in asked]
    relevant = [query.relevant for query in asked]
    passages = [chunk.passage for chunk in chunks]
    return _Queries(texts, encoder.encode(texts, "query"), relevant, passages, vectors)


def _written(curve: Curve) -> dict[str, float]:
    return {f"{weight:g}": round(value, 5) for weight, value in curve.items()}
