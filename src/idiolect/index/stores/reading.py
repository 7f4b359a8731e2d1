"""What readers of every store do alike: BM25 over the segments of what was written, and filters."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from idiolect.index.bm25 import Segment, StoredBM25
from idiolect.index.store import Hits, Indexed, Rows, Where
from idiolect.mining.top import top


class StoredReader(ABC):
    """The lexical half of a `Reader`; a store adds where its numbers, terms and filters come from."""

    def __init__(self, uri: str, indexed: Indexed) -> None:
        self.uri = uri
        self.indexed = indexed

    @abstractmethod
    def _numbered(self) -> tuple[Rows, NDArray[np.float32]]:
        """All rows, ascending, and each one's length in terms."""

    @abstractmethod
    def _segments(self, terms: Sequence[str]) -> Iterable[Segment]:
        """The segments of terms; they may name rows that are no longer read."""

    @abstractmethod
    def _allowed(self, where: Where) -> Rows:
        """The rows, in any order, that a filter lets pass."""

    @cached_property
    def _bm25(self) -> StoredBM25:
        return StoredBM25(*self._numbered(), self.indexed, self._segments)

    @property
    def _rows(self) -> Rows:
        return self._bm25.rows

    def lexical(self, terms: Sequence[str], count: int, where: Where = ()) -> Hits:
        hits = self._best(self._bm25.scores(terms), count, where)
        matching = hits.scores > 0
        return Hits(hits.rows[matching], hits.scores[matching])

    def bm25(self, terms: Sequence[str], rows: Rows) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._bm25.scores(terms)[self._places(rows)]
        return found

    def sample(self, count: int, seed: int = 13) -> Rows:
        count = min(count, len(self._rows))
        return np.sort(np.random.default_rng(seed).choice(self._rows, count, replace=False))

    def _best(self, scores: NDArray[np.float32], count: int, where: Where) -> Hits:
        """The best of scores of every row, in the rows' order."""
        if not where:
            best = top(scores, count)
            return Hits(self._rows[best], scores[best])
        places = self._places(np.sort(self._allowed(where)))
        best = places[top(scores[places], count)]
        return Hits(self._rows[best], scores[best])

    def _places(self, rows: Rows) -> NDArray[np.int64]:
        return np.searchsorted(self._rows, rows)
