"""Vectors in fewer bytes: a byte or a bit a dimension, with parameters from the corpus, and what search keeps of it.

Passages are compressed, queries are not: a score is the query's product with what the passage's code stands for.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.dimensions import cut, dense_ndcg
from idiolect.records import Record
from idiolect.runtimes.base import Vectors

_STEPS = 255
_LEAST_STEP = 1e-9  # where a dimension is the same in every vector

Table = dict[str, dict[str, dict[str, int | float]]]
"""Dimension → "float32", "int8", "binary" → "ndcg@10", "bytes_per_vector", "kept" of the full float32 ones' nDCG."""


class Quantiser(Record, frozen=True, kw_only=True):
    """For vectors cut to `len(low)` dimensions and made unit length again; a value a dimension.

    int8: the code of x is round((x − low) / step) − 128, within −128 to 127; binary: a bit that is 1 above `middle`,
    the corpus's median, which stands for a value of 1, else −1.
    """

    low: list[float]
    step: list[float]
    middle: list[float]

    def int8(self, vectors: Vectors) -> NDArray[np.int8]:
        """Codes [n, dimensions]."""
        codes = (
            np.round((vectors - np.asarray(self.low, np.float32)) / np.asarray(self.step, np.float32)) - 128
        )
        return np.clip(codes, -128, 127).astype(np.int8)

    def from_int8(self, codes: NDArray[np.int8]) -> Vectors:
        """The vectors [n, dimensions] that codes stand for."""
        steps = codes.astype(np.float32) + 128
        return np.asarray(steps * np.asarray(self.step, np.float32) + np.asarray(self.low, np.float32))

    def binary(self, vectors: Vectors) -> NDArray[np.uint8]:
        """Codes [n, ⌈dimensions / 8⌉], the first dimension in the highest bit."""
        return np.packbits(vectors > np.asarray(self.middle, np.float32), axis=1)

    def from_binary(self, codes: NDArray[np.uint8]) -> Vectors:
        """Rows of 1 and −1 [n, dimensions]."""
        bits = np.unpackbits(codes, axis=1, count=len(self.middle))
        return np.asarray(bits.astype(np.float32) * 2 - 1)


class Compression(Record, frozen=True, kw_only=True):
    """compression.json: the quantiser of each dimension, for the vectors of these weights."""

    weights: Literal["tuned", "base"]
    dimensions: dict[str, Quantiser]


def fit(vectors: Vectors) -> Quantiser:
    """From a corpus's unit vectors [n, d], n above 0."""
    low = vectors.min(axis=0)
    step = np.maximum((vectors.max(axis=0) - low) / _STEPS, _LEAST_STEP)
    middle = np.median(vectors, axis=0)
    return Quantiser(low=low.tolist(), step=step.tolist(), middle=middle.tolist())


def compression_table(
    dataset: Dataset, passages: Vectors, queries: Vectors, sizes: Sequence[int]
) -> tuple[Table, dict[str, Quantiser]]:
    """Dense search at each of `sizes`, which begin with the full one, and each precision; and the quantisers.

    `passages`, `queries`: unit vectors [n, d] in the data set's order.
    """
    table: Table = {}
    quantisers = {str(size): fit(cut(passages, size)) for size in sizes}
    full = 0.0
    for size in sizes:
        quantiser, shorter = quantisers[str(size)], cut(passages, size)
        codes, bits = quantiser.int8(shorter), quantiser.binary(shorter)
        held = {
            "float32": (shorter, shorter.itemsize * size),
            "int8": (quantiser.from_int8(codes), codes.shape[1]),
            "binary": (quantiser.from_binary(bits), bits.shape[1]),
        }
        rows = table.setdefault(str(size), {})
        for precision, (vectors, count) in held.items():
            score = dense_ndcg(dataset, vectors, cut(queries, size))
            full = full or score
            rows[precision] = {
                "ndcg@10": score,
                "bytes_per_vector": count,
                "kept": score / full if full else 1.0,
            }
    return table, quantisers
