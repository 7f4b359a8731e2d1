"""Dense against BM25 against their fusion, on queries cut out of the documents: no label, no LLM, no training."""

import random
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from idiolect.evaluation.significance import Comparison, compare, mean_interval
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.fusion import (
    DOCUMENTED_DEFAULT,
    WEIGHTS,
    Sides,
    best_weight,
    reciprocal_ranks,
    weight_curve,
)
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.ranking import Corpus
from idiolect.mining.splits import group_of
from idiolect.progress import Progress
from idiolect.records import Chunk, Fusion, Query, Record
from idiolect.runtimes.base import Runtime
from idiolect.teachers.extractive import masked_queries

METRIC = "mrr"
RUNS = ("dense", "bm25", "hybrid")


class Score(Record, frozen=True, kw_only=True):
    """Mean reciprocal rank over the queries and its 95% interval."""

    mrr: float
    ci95: tuple[float, float]


class Searching(Record, frozen=True, kw_only=True):
    """How well masked pseudo-queries find the chunks that they were cut from.

    `queries` come from `documents` documents and are ranked over `passages`; `runs`: "dense",
    "bm25", "hybrid" → score, where each half of the documents is fused with the weight that the
    other half chose; `gain`: hybrid against dense; `curve`: fusion weight → score over all
    queries, whose best is `weight`.
    """

    queries: int
    documents: int
    passages: int
    runs: dict[str, Score]
    gain: Comparison
    weight: float
    curve: dict[str, float]


def search(
    chunks: Sequence[Chunk], runtime: Runtime, count: int, language: str, seed: int, progress: Progress
) -> Searching | None:
    """Encode `chunks` and rank them for at most `count` pseudo-queries; None where there is nothing to cut."""
    queries = masked_queries([chunk for chunk in chunks if chunk.trains], count, seed, language)
    if not queries:
        return None
    changed = masked_passages(chunks, queries)
    passages = with_masks(chunks, changed)
    progress.start("encoding chunks and queries", len(passages) + len(queries), "texts")
    vectors = runtime.encode([passage.full_text for passage in passages], "passage", progress.advance)
    asked = runtime.encode([query.text for query in queries], "query", progress.advance)
    progress.finish()
    corpus = Corpus(passages, vectors, Fusion(language=language))
    return _measured(chunks, queries, corpus, asked, seed)


def _measured(
    chunks: Sequence[Chunk], queries: Sequence[Query], corpus: Corpus, asked: np.ndarray, seed: int
) -> Searching:
    """Reciprocal ranks as prepare's choice of the fusion weight computes them; duplicates answer as well."""
    alike = saying_the_same(chunks)
    by_weight: dict[str, Mapping[float, float]] = {}
    lexical_alone: dict[str, float] = {}
    for query, vector in zip(queries, asked, strict=True):
        answers = [corpus.columns[other] for other in alike[query.source] if other in corpus.columns]
        dense, lexical = corpus.dense(vector), corpus.lexical(query.text)
        by_weight[query.id] = _reciprocal_ranks(dense, lexical, answers, WEIGHTS)
        lexical_alone[query.id] = _reciprocal_ranks(lexical, lexical, answers, (0.0,))[0.0]
    clusters = _clusters(chunks, queries)
    values = {
        "dense": {query: curve[0.0] for query, curve in by_weight.items()},
        "bm25": lexical_alone,
        "hybrid": _cross_fitted(by_weight, clusters, seed),
    }
    curve = _mean_curve(list(by_weight.values()))
    return Searching(
        queries=len(queries),
        documents=len(set(clusters.values())),
        passages=len(chunks),
        runs={
            run: Score(mrr=float(np.mean(list(found.values()))), ci95=mean_interval(found, clusters, seed))
            for run, found in values.items()
        },
        gain=compare(
            values["dense"], values["hybrid"], clusters, seed, names=("dense", "hybrid"), metric=METRIC
        ),
        weight=best_weight(curve),
        curve={f"{weight:g}": round(value, 5) for weight, value in curve.items()},
    )


def _reciprocal_ranks(
    dense: np.ndarray, lexical: np.ndarray, answers: Sequence[int], weights: Sequence[float]
) -> Mapping[float, float]:
    """One query: fusion weight → reciprocal rank of its best answer."""
    sides = Sides(dense, lexical, DOCUMENTED_DEFAULT.candidates)
    return weight_curve(reciprocal_ranks([sides], [answers], weights), weights)


def _clusters(chunks: Sequence[Chunk], queries: Sequence[Query]) -> dict[str, str]:
    groups = group_of(chunks)
    return {query.id: groups[query.source] for query in queries}


def _cross_fitted(
    by_weight: Mapping[str, Mapping[float, float]], clusters: Mapping[str, str], seed: int
) -> dict[str, float]:
    """Query → reciprocal rank, fused with the weight that the other half of the clusters chose.

    What a weight gains on the queries that chose it is no measure of what it gains on others.
    """
    names = sorted(set(clusters.values()))
    random.Random(seed).shuffle(names)
    halves = [set(names[::2]), set(names[1::2]) or set(names)]
    result: dict[str, float] = {}
    for own, other in ((0, 1), (1, 0)):
        chosen = best_weight(
            _mean_curve([curve for query, curve in by_weight.items() if clusters[query] in halves[other]])
        )
        result |= {
            query: curve[chosen] for query, curve in by_weight.items() if clusters[query] in halves[own]
        }
    return result


def _mean_curve(curves: Sequence[Mapping[float, float]]) -> dict[float, float]:
    return {weight: float(np.mean([curve[weight] for curve in curves])) for weight in WEIGHTS}


def some_chunks(chunks: Sequence[Chunk], most: int, seed: int) -> list[Chunk]:
    """At most `most` chunks: whole documents in a drawn order, the last one as far as it goes, in the corpus's order.

    Whole, because a chunk's hardest rivals are its own document's others.  Of duplicates the first
    that is taken trains.
    """
    if len(chunks) <= most:
        return list(chunks)
    names = list(dict.fromkeys(chunk.document_id for chunk in chunks))
    random.Random(seed).shuffle(names)
    members: dict[str, list[Chunk]] = {name: [] for name in names}
    for chunk in chunks:
        members[chunk.document_id].append(chunk)
    taken = [chunk for name in names for chunk in members[name]][:most]
    kept = {chunk.id for chunk in taken}
    first: dict[str, str] = {}
    result = []
    for chunk in (chunk for chunk in chunks if chunk.id in kept):
        trains = first.setdefault(chunk.duplicate_of or chunk.id, chunk.id)
        result.append(msgspec.structs.replace(chunk, duplicate_of="" if trains == chunk.id else trains))
    return result
