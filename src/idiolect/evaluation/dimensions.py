"""What is left of a model's retrieval when its vectors are cut short."""

from collections.abc import Mapping, Sequence

import numpy as np

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.retrieval import retrieve
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion
from idiolect.runtimes.base import Vectors

LEAST_KEPT = 0.95
"""Of the full dimension's nDCG@10, down to a third of it: 384 cut to 128."""

SHORTEST = 1 / 3

_BYTES = 4  # of a float32


Table = dict[str, dict[str, int | float]]
"""Dimension → "ndcg@10", "bytes_per_vector", "kept" and "saved", the full one first.

`kept` is the share of the full dimension's nDCG@10, `saved` that of its bytes which are not needed.
"""


def dimension_table(dataset: Dataset, passages: Vectors, queries: Vectors, sizes: Sequence[int]) -> Table:
    """Dense search with vectors cut to each of `sizes` and made unit length again.

    `passages`, `queries`: unit vectors [n, d] in the data set's order; `sizes` begins with d.
    """
    table: Table = {}
    full = 0.0
    for size in sizes:
        score = dense_ndcg(dataset, cut(passages, size), cut(queries, size))
        full = full or score
        table[str(size)] = {
            "ndcg@10": score,
            "bytes_per_vector": _BYTES * size,
            "kept": score / full if full else 1.0,
            "saved": 1 - size / sizes[0],
        }
    return table


def dense_ndcg(dataset: Dataset, passages: Vectors, queries: Vectors) -> float:
    """nDCG@10 of dense search over vectors [n, d] in the data set's order."""
    corpus = Corpus(list(dataset.corpus.values()), passages, Fusion(weight=0.0))
    owners = dataset.owners_of(corpus.ids)
    found = retrieve(dataset, corpus, queries, ("dense",), owners=owners)["dense"]
    return float(aggregate(found.values, dataset.queries)["ndcg@10"])


def cut(vectors: Vectors, size: int) -> Vectors:
    shorter = vectors[:, :size]
    lengths = np.linalg.norm(shorter, axis=1, keepdims=True)
    result: Vectors = shorter / np.maximum(lengths, 1e-12)
    return result


def dimension_warnings(table: Mapping[str, Mapping[str, int | float]]) -> list[str]:
    """One for the largest dimension, down to SHORTEST of the full one, that keeps less than LEAST_KEPT."""
    sizes = [int(size) for size in table]
    for size in sizes[1:]:
        kept = table[str(size)]["kept"]
        if size >= SHORTEST * sizes[0] and kept < LEAST_KEPT:
            return [
                f"the tuned model's vectors cut to {size} of {sizes[0]} dimensions keep {kept:.1%} of nDCG@10 "
                f"(less than {LEAST_KEPT:.0%}): serve longer ones."
            ]
    return []
