"""BM25 where the counts come from a store: the arithmetic of `mining.lexical`, in arrays."""

import math
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.index.store import Indexed, Rows

KEPT = 8_000_000
"""Postings of the latest terms that are held, at 12 bytes each."""


HELD_TERM = 32
"""Postings that a term's own bytes are worth."""


@dataclass(frozen=True)
class Segment:
    """The rows of one write that hold a term, and how often each does."""

    term: str
    rows: Rows
    counts: NDArray[np.int32]


Gains = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Places of the rows that hold a term, and what the term adds to the score of each."""


def segments(terms: Sequence[Counter[str]], rows: Rows) -> list[Segment]:
    """The segments of one write: `terms` counts those of each row."""
    found: dict[str, tuple[list[int], list[int]]] = {}
    for counts, row in zip(terms, rows.tolist(), strict=True):
        for term, count in counts.items():
            numbers, times = found.setdefault(term, ([], []))
            numbers.append(row)
            times.append(count)
    return [
        Segment(term, np.array(numbers, np.int64), np.array(times, np.int32))
        for term, (numbers, times) in found.items()
    ]


class StoredBM25:
    """BM25 of the rows that a store reads, from the segments it wrote. Threads may share it."""

    def __init__(
        self,
        rows: Rows,
        lengths: NDArray[np.float32],
        indexed: Indexed,
        read: Callable[[Sequence[str]], Iterable[Segment]],
    ) -> None:
        """`rows` ascend and have `lengths` terms; `read` gives the segments of terms, of other rows too."""
        self.rows = rows
        fusion = indexed.fusion
        self._norms = fusion.k1 * (1 - fusion.b + fusion.b * lengths / max(indexed.mean_length, 1e-9))
        self._read = read
        self._held: OrderedDict[str, Gains] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def scores(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """float32 [rows], in their order (Robertson and Zaragoza 2009, Lucene's idf)."""
        scores = np.zeros(len(self.rows), np.float32)
        wanted = Counter(terms)
        with self._lock:
            gains = {term: self._held[term] for term in wanted if term in self._held}
            for term in gains:
                self._held.move_to_end(term)
        missing = [term for term in wanted if term not in gains]
        if missing and len(self.rows):
            read = self._gains(missing)
            self._hold(read)
            gains |= read
        for term, (places, gain) in gains.items():
            scores[places] += wanted[term] * gain
        return scores

    def _gains(self, terms: Sequence[str]) -> dict[str, Gains]:
        found: dict[str, list[Segment]] = defaultdict(list)
        for segment in self._read(terms):
            found[segment.term].append(segment)
        return {term: self._gain(found.get(term, [])) for term in terms}

    def _gain(self, parts: Sequence[Segment]) -> Gains:
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        numbers = np.concatenate([part.rows for part in parts])
        counts = np.concatenate([part.counts for part in parts]).astype(np.float32)
        places = np.minimum(np.searchsorted(self.rows, numbers), len(self.rows) - 1)
        live = self.rows[places] == numbers
        places, counts = places[live], counts[live]
        rarity = math.log(1 + (len(self.rows) - len(places) + 0.5) / (len(places) + 0.5))
        return places, (rarity * counts / (counts + self._norms[places])).astype(np.float32)

    def _hold(self, gains: dict[str, Gains]) -> None:
        with self._lock:
            for term, (places, gain) in gains.items():
                if term in self._held or len(places) > KEPT:
                    continue
                self._held[term] = places, gain
                self._size += len(places) + HELD_TERM
            while self._size > KEPT:
                _, (places, _) = self._held.popitem(last=False)
                self._size -= len(places) + HELD_TERM
