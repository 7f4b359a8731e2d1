"""The fusion weight, chosen on queries ranked over the whole corpus: masked pseudo-queries, and people's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.fusion import best_weight, weight_curve
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Chunk, Fusion, Query
from idiolect.runtimes.base import Vectors

Curve = Mapping[float, float]
"""Fusion weight → mean reciprocal rank of the best passage that answers a query."""


@dataclass(frozen=True)
class Asked:
    """A query that somebody asked, and the ids of the chunks of all documents that answer it."""

    text: str
    relevant: Sequence[str]


@dataclass(frozen=True)
class Weighed:
    """The fusion with the weight chosen; `curve` chose it, the mean of `curves` by their names."""

    fusion: Fusion
    curve: dict[str, float]
    curves: dict[str, dict[str, float]]


def choose_weight(
    chunks: Sequence[Chunk],
    vectors: Vectors,
    masked: Sequence[Query],
    asked: Sequence[Asked],
    fusion: Fusion,
    encoder: CachedEncoder,
) -> Weighed:
    """The weight that the mean of both curves likes best; that of `fusion` where there are no queries at all.

    `vectors` are the chunks' own, float32 [chunks, d].  Masked queries are many and artificial,
    those that people asked few and real: neither is left out where there are both.
    """
    curves: dict[str, Curve] = {}
    if masked:
        curves["masked"] = masked_curve(chunks, vectors, masked, fusion, encoder)
    if asked:
        curves["labelled"] = labelled_curve(chunks, vectors, asked, fusion, encoder)
    mean = {
        weight: sum(curve[weight] for curve in curves.values()) / len(curves)
        for weight in next(iter(curves.values()), {})
    }
    if mean:
        fusion = msgspec.structs.replace(fusion, weight=best_weight(mean))
    return Weighed(fusion, _written(mean), {name: _written(curve) for name, curve in curves.items()})


def masked_curve(
    chunks: Sequence[Chunk], vectors: Vectors, masked: Sequence[Query], fusion: Fusion, encoder: CachedEncoder
) -> Curve:
    """How well pseudo-queries find the chunks they were cut from.

    Chunks that a query is cut out of are encoded again without it.
    """
    changed = masked_passages(chunks, masked)
    columns = {chunk.id: column for column, chunk in enumerate(chunks)}
    replaced = vectors.copy()
    if changed:
        texts = [passage.full_text for passage in changed.values()]
        replaced[[columns[identifier] for identifier in changed]] = encoder.encode(texts, "passage")
    corpus = Corpus(with_masks(chunks, changed), replaced, fusion)
    same = saying_the_same(chunks)
    relevant = [[copy for positive in query.positives for copy in same[positive]] for query in masked]
    return _curve(corpus, [query.text for query in masked], relevant, encoder)


def labelled_curve(
    chunks: Sequence[Chunk], vectors: Vectors, asked: Sequence[Asked], fusion: Fusion, encoder: CachedEncoder
) -> Curve:
    """How well people's queries find a chunk of a document that answers them."""
    corpus = Corpus([chunk.passage for chunk in chunks], vectors, fusion)
    return _curve(corpus, [query.text for query in asked], [query.relevant for query in asked], encoder)


def _curve(
    corpus: Corpus, texts: Sequence[str], relevant: Sequence[Sequence[str]], encoder: CachedEncoder
) -> Curve:
    queries = encoder.encode(texts, "query")
    return weight_curve(
        lambda i: corpus.dense(queries[i]),
        lambda i: corpus.lexical(texts[i]),
        [[corpus.columns[identifier] for identifier in identifiers] for identifiers in relevant],
    )


def _written(curve: Curve) -> dict[str, float]:
    return {f"{weight:g}": round(value, 5) for weight, value in curve.items()}
