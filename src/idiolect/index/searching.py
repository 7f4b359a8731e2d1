"""Search in a store: the query's side of both rankings, fused as the bundle says."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle import Manifest
from idiolect.errors import InputError
from idiolect.index.store import Bridge, Entry, Found, Hits, Indexed, Reader, Rows, Store, Where
from idiolect.mining.fusion import standardise
from idiolect.mining.lexical import analyser
from idiolect.mining.top import top
from idiolect.runtimes.base import TextEncoder

Mode = Literal["dense", "lexical", "hybrid"]

Unit = Literal["chunk", "document"]

Ranked = list[tuple[Entry, float]]
"""Chunks with their scores, best first."""

DOCUMENT_DEPTH = 10
"""Chunks that are ranked at first for each document that is asked for, as one may have several of the best."""

RERANKED = 50
"""Hits that a reranker reads, or as many as are asked for where that is more."""

LOOK_SECONDS = 2.0
"""Between two looks at whether the store was written."""


class Reranker(Protocol):
    """Reads a query and a text together, as `runtimes.cross_encoder` does."""

    def scores(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """float32 [pairs]; higher is better."""


@dataclass(frozen=True)
class View:
    """What one commit left, and the map to its vectors where they are another model's."""

    reader: Reader
    bridge: Bridge | None


@dataclass(frozen=True)
class Wish:
    """What a search is for; `vector` is the query's, where it was encoded already."""

    query: str
    count: int
    mode: Mode
    where: Where
    unit: Unit
    vector: NDArray[np.float32] | None = None


class Searcher:
    """A store, and the model that its vectors are from or a bridge leads from; what is committed meanwhile is read."""

    def __init__(
        self, store: Store, manifest: Manifest, encoder: TextEncoder, reranker: Reranker | None = None
    ) -> None:
        """Raises StoreError for a store without an index, or one of another model without a bridge."""
        self._store = store
        self._manifest = manifest
        self._encoder = encoder
        self._reranker = reranker
        self._view = self._opened()
        self._looked = time.monotonic()

    @property
    def view(self) -> View:
        """The last commit's, as of some seconds ago.

        Raises StoreError where the store was made anew meanwhile, with another model.
        """
        if time.monotonic() - self._looked > LOOK_SECONDS:
            if not self._view.reader.current():
                self._view = self._opened()
            self._looked = time.monotonic()
        return self._view

    @property
    def reader(self) -> Reader:
        return self.view.reader

    @property
    def indexed(self) -> Indexed:
        return self._view.reader.indexed

    def search(
        self,
        query: str,
        count: int = 10,
        mode: Mode = "hybrid",
        where: Where = (),
        unit: Unit = "chunk",
        context: int = 0,
        vector: NDArray[np.float32] | None = None,
    ) -> list[Found]:
        """The best chunks, or each document's best; `context` neighbours on either side come with them.

        `vector` is the query's, where it was encoded already.  Raises InputError for a query without a letter or digit.
        """
        view = self.view
        ranked = self._ranked(view, Wish(query, count, mode, where, unit, vector))
        return [
            _found(rank, entry, score, view.reader, context) for rank, (entry, score) in enumerate(ranked, 1)
        ]

    def rank(
        self, query: str, count: int = 10, mode: Mode = "hybrid", where: Where = (), unit: Unit = "chunk"
    ) -> Ranked:
        """The same as entries with their scores."""
        return self._ranked(self.view, Wish(query, count, mode, where, unit))

    def _opened(self) -> View:
        reader = self._store.read()
        if not reader.indexed.differing(Indexed.by(self._manifest, "")):
            return View(reader, None)
        bridge = self._store.bridge()
        if bridge and bridge.new == self._manifest.model_digest and bridge.old == reader.indexed.model_digest:
            return View(reader, bridge)
        reader = self._store.read()  # what was committed between the two looks
        reader.indexed.check(self._manifest, reader.uri)
        return View(reader, None)

    def _ranked(self, view: View, wish: Wish) -> Ranked:
        if not any(character.isalnum() for character in wish.query):
            raise InputError(f"the query {wish.query!r} has no letter or digit to search for")
        wanted = max(wish.count, RERANKED) if self._reranker else wish.count
        vector = self._vector(view, wish)
        if wish.unit == "chunk":
            ranked = _entries(view.reader, _hits(view.reader, wish, vector, wanted))
        else:
            ranked = _documents(view.reader, wish, vector, wanted)
        if self._reranker and ranked:
            ranked = _reranked(self._reranker, wish.query, [entry for entry, _ in ranked])
        return ranked[: wish.count]

    def _vector(self, view: View, wish: Wish) -> NDArray[np.float32] | None:
        """The query's among those of the view; None for words alone."""
        if wish.mode == "lexical":
            return None
        vector = self._encoder.encode([wish.query], "query")[0] if wish.vector is None else wish.vector
        return view.bridge(vector[None])[0] if view.bridge else vector


def _hits(reader: Reader, wish: Wish, vector: NDArray[np.float32] | None, count: int) -> Hits:
    terms = analyser(reader.indexed.fusion.language)(
        wish.query
    )  # of its own: threads may not share a stemmer
    if vector is None:
        return reader.lexical(terms, count, wish.where)
    if wish.mode == "dense" or not reader.indexed.fusion.weight:
        return reader.dense(vector, count, wish.where)
    return _fused(reader, vector, terms, count, wish.where)


def _documents(reader: Reader, wish: Wish, vector: NDArray[np.float32] | None, count: int) -> Ranked:
    """Each document's best chunk: as deep among the chunks as there are documents to be found."""
    depth = count * DOCUMENT_DEPTH
    while True:
        hits = _hits(reader, wish, vector, depth)
        best: dict[str, tuple[Entry, float]] = {}
        for entry, score in _entries(reader, hits):
            best.setdefault(entry.document_id, (entry, score))
        if len(best) >= count or len(hits.rows) < depth:
            return list(best.values())[:count]
        depth *= 4


def _entries(reader: Reader, hits: Hits) -> Ranked:
    return list(zip(reader.entries(hits.rows), hits.scores.tolist(), strict=True))


def _reranked(reranker: Reranker, query: str, entries: Sequence[Entry]) -> Ranked:
    scores = reranker.scores([(query, entry.full_text) for entry in entries])
    return [(entries[place], float(scores[place])) for place in np.argsort(-scores, kind="stable")]


def _fused(
    reader: Reader, vector: NDArray[np.float32], terms: Sequence[str], count: int, where: Where
) -> Hits:
    """`mining.fusion` over the union of either side's candidates."""
    fusion = reader.indexed.fusion
    dense = reader.dense(vector, fusion.candidates, where)
    lexical = reader.lexical(terms, fusion.candidates, where)
    rows = np.union1d(dense.rows, lexical.rows)
    if not len(rows):
        return dense
    cosines = _completed(rows, dense, lambda missing: reader.cosines(vector, missing))
    bm25 = _completed(rows, lexical, lambda missing: reader.bm25(terms, missing))
    fused = standardise(cosines) + fusion.weight * standardise(bm25)
    best = top(fused, count)
    return Hits(rows[best], fused[best].astype(np.float32))


def _found(rank: int, entry: Entry, score: float, reader: Reader, context: int) -> Found:
    near: list[Entry] = []
    if context:
        near = reader.around(entry.document_id, entry.position - context, entry.position + context)
    return Found(
        rank=rank,
        score=round(score, 4),
        citation=entry.citation,
        chunk_id=entry.id,
        document_id=entry.document_id,
        position=entry.position,
        path=entry.path,
        title=entry.title,
        text=entry.text,
        start=entry.start,
        end=entry.end,
        before=[one for one in near if one.position < entry.position],
        after=[one for one in near if one.position > entry.position],
    )


def _completed(rows: Rows, side: Hits, scored: Callable[[Rows], NDArray[np.float32]]) -> NDArray[np.float32]:
    """One side's scores of all candidates: those it found, and of the others what `scored` says."""
    scores = np.empty(len(rows), np.float32)
    places = np.searchsorted(rows, side.rows)
    scores[places] = side.scores
    others = np.ones(len(rows), bool)
    others[places] = False
    if others.any():
        scores[others] = scored(rows[others])
    return scores
