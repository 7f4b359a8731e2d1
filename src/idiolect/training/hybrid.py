"""Hybrid search as training sees it: both sides of a query's fused score, for passages of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.mining.fusion import candidates
from idiolect.mining.ranking import Corpus

Scale = tuple[float, float]
"""Mean and deviation: what a score is standardised by.  The deviation of equal scores is infinite: their z is 0."""

_EQUAL = 1e-6  # deviation of cosines that differ by rounding alone


@dataclass(frozen=True)
class _Scales:
    """Of one query: its base cosines by dimension, and its BM25 scores, both over the candidates of search."""

    dense: Mapping[int, Scale]
    lexical: Scale


class Hybrid:
    """The corpus with what standardises a query's scores, as `mining.fusion` does it.

    The means and deviations are those of the base's cosines: constants of a query, so that a
    student's scores move alone.  `texts` and `vectors` (float32 [d]) are the queries', by their
    ids; `dimensions` are those that are trained, the full one among them.
    """

    def __init__(
        self,
        corpus: Corpus,
        texts: Mapping[str, str],
        vectors: Mapping[str, np.ndarray],
        dimensions: Sequence[int],
    ) -> None:
        self.corpus, self.texts, self.vectors = corpus, texts, vectors
        self.weight = corpus.fusion.weight
        self.dimensions = tuple(dimensions)
        self._known: dict[str, _Scales] = {}

    def dense_scale(self, query_id: str, size: int) -> Scale:
        """Of the query's base cosines in their first `size` dimensions."""
        return self._scales(query_id).dense[size]

    def lexical(self, query_id: str, passage_ids: Sequence[str]) -> np.ndarray:
        """What BM25 adds to the fused scores, weight · z: float32 [passages]."""
        if not self.weight:
            return np.zeros(len(passage_ids), np.float32)
        mean, deviation = self._scales(query_id).lexical
        row = self.corpus.lexical(self.texts[query_id])[self._columns(passage_ids)]
        return np.asarray(self.weight * (row - mean) / deviation, np.float32)

    def fused(self, query_id: str, passage_ids: Sequence[str]) -> np.ndarray:
        """The base's fused scores, float32 [passages]; those of passages that are no candidates are not lowered."""
        mean, deviation = self.dense_scale(query_id, self.corpus.vectors.shape[1])
        cosines = self.corpus.vectors[self._columns(passage_ids)] @ self.vectors[query_id]
        dense = ((cosines - mean) / deviation).astype(np.float32)
        fused: np.ndarray = dense + self.lexical(query_id, passage_ids)
        return fused

    def _columns(self, passage_ids: Sequence[str]) -> list[int]:
        return [self.corpus.columns[identifier] for identifier in passage_ids]

    def _scales(self, query_id: str) -> _Scales:
        """Found when first asked for: two rows over the whole corpus."""
        if query_id not in self._known:
            corpus, query = self.corpus, self.vectors[query_id]
            lexical = corpus.lexical(self.texts[query_id]) if self.weight else np.zeros(len(corpus.ids))
            depth = corpus.fusion.candidates if self.weight else len(corpus.ids)
            inside = candidates(corpus.dense(query), lexical, depth)
            vectors = corpus.vectors[inside]
            dense = {size: _scale(_cosines(vectors[:, :size], query[:size])) for size in self.dimensions}
            self._known[query_id] = _Scales(dense, _scale(lexical[inside]))
        return self._known[query_id]


def _scale(scores: np.ndarray) -> Scale:
    deviation = float(scores.std())
    return float(scores.mean()), deviation if deviation > _EQUAL else np.inf


def _cosines(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    cosines: np.ndarray = (vectors @ query) / np.maximum(lengths, 1e-12)
    return cosines
