"""Reading one generation of a Qdrant store."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from idiolect.errors import StoreError
from idiolect.index.bm25 import Segment
from idiolect.index.store import Entry, Hits, Indexed, Rows, Where
from idiolect.index.stores.qdrant_connection import Connection
from idiolect.index.stores.qdrant_points import (
    ENTRY,
    HEAVY,
    TERMS,
    WHOLE_VECTOR,
    bearing,
    collection_of,
    number_of,
    of_generation,
    pieces,
    retrieved,
    scrolled,
    short_vector,
)
from idiolect.index.stores.qdrant_state import generation_of
from idiolect.index.stores.reading import StoredReader
from idiolect.runtimes.encoder import unit

EXACT = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))

SCANNED = 5_000
"""Rows up to which a server surely compares all vectors: it makes an index of a segment of 10 MB."""

TERMS_AT_ONCE = 8
"""Terms whose rows one request asks for."""


class QdrantReader(StoredReader):
    """What a generation holds; the server compares the vectors, and finds the rows of a term."""

    def __init__(self, connection: Connection, generation: int, indexed: Indexed) -> None:
        super().__init__(connection.uri, indexed)
        self._connection = connection
        self._generation = generation
        self._collection = collection_of(connection.name, indexed.model_digest)
        self._read = of_generation(generation)

    def current(self) -> bool:
        return generation_of(self._connection) == self._generation

    def dense(self, vector: NDArray[np.float32], count: int, where: Where = (), exact: bool = False) -> Hits:
        if count < 1:
            return Hits(np.zeros(0, np.int64), np.zeros(0, np.float32))
        candidates, read = self.indexed.candidates, self._filter(where)
        short = short_vector(candidates)
        if exact:
            return self._nearest(vector, count, query_filter=read, search_params=EXACT)
        if short is None:
            quantised = models.QuantizationSearchParams(
                rescore=True, oversampling=candidates.wanted(count) / count
            )
            given = None if candidates.whole else models.SearchParams(quantization=quantised)
            return self._nearest(vector, count, query_filter=read, search_params=given)
        found = models.Prefetch(
            query=unit(vector[None, : candidates.dimension])[0].tolist(),
            using=short,
            filter=read,
            limit=candidates.wanted(count),
            params=models.SearchParams(quantization=models.QuantizationSearchParams(rescore=False)),
        )
        return self._nearest(vector, count, prefetch=[found], search_params=EXACT)

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        cosines = np.empty(len(rows), np.float32)
        if not len(rows):
            return cosines
        given = models.Filter(must=[models.HasIdCondition(has_id=rows.tolist())])
        hits = self._nearest(vector, len(rows), query_filter=given, search_params=EXACT)
        found = dict(zip(hits.rows.tolist(), hits.scores.tolist(), strict=True))
        for place, row in enumerate(rows.tolist()):
            cosines[place] = self._there(found, row)
        return cosines

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        vectors = np.empty((len(rows), self.indexed.dimension), np.float32)
        points = retrieved(self._connection, self._collection, rows.tolist(), vectors=[WHOLE_VECTOR])
        found = {point.id: np.array(point.vector[WHOLE_VECTOR], np.float32) for point in points}
        for place, row in enumerate(rows.tolist()):
            vectors[place] = self._there(found, row)
        return vectors

    def entries(self, rows: Rows) -> list[Entry]:
        points = retrieved(self._connection, self._collection, rows.tolist(), ENTRY)
        found = {point.id: Entry(**point.payload) for point in points}
        return [self._there(found, row) for row in rows.tolist()]

    def around(self, document_id: str, first: int, last: int) -> list[Entry]:
        near = [
            models.FieldCondition(key="document_id", match=models.MatchValue(value=document_id)),
            models.FieldCondition(key="position", range=models.Range(gte=first, lte=last)),
        ]
        condition = models.Filter(must=[*self._read, *near])
        points = scrolled(self._connection, self._collection, condition, ENTRY, size=HEAVY)
        return sorted((Entry(**point.payload) for point in points), key=lambda entry: entry.position)

    def documents(self) -> dict[str, str]:
        first = models.FieldCondition(key="position", match=models.MatchValue(value=0))
        condition = models.Filter(must=[*self._read, first])
        points = scrolled(self._connection, self._collection, condition, ["document_id", "path"])
        return {point.payload["document_id"]: point.payload["path"] for point in points}

    @property
    def approximate(self) -> bool:
        return not self.indexed.candidates.whole or self.indexed.chunks > SCANNED

    def _numbered(self) -> tuple[Rows, NDArray[np.float32]]:
        points = scrolled(self._connection, self._collection, self._filter(), ["length"])
        found = np.array([(point.id, point.payload["length"]) for point in points], np.int64).reshape(-1, 2)
        return found[:, 0].copy(), found[:, 1].astype(np.float32)

    def _segments(self, terms: Sequence[str]) -> Iterable[Segment]:
        for part in pieces(terms, TERMS_AT_ONCE):
            requests = [
                models.QueryRequest(
                    query=models.SparseVector(indices=[number_of(term)], values=[1.0]),
                    using=TERMS,
                    filter=self._filter(),
                    limit=len(self._rows),
                )
                for term in part
            ]
            with self._connection.client() as client:
                answers = client.query_batch_points(self._collection, requests)
            for term, answer in zip(part, answers, strict=True):
                hits = _hits(answer)
                yield Segment(term, hits.rows, hits.scores.astype(np.int32))

    def _allowed(self, where: Where) -> Rows:
        points = scrolled(self._connection, self._collection, self._filter(where))
        return np.array([point.id for point in points], np.int64)

    def _filter(self, where: Where = ()) -> Any:
        return models.Filter(must=[*self._read, *bearing(where)])

    def _nearest(self, vector: NDArray[np.float32], count: int, **how: Any) -> Hits:
        with self._connection.client() as client:
            answer = client.query_points(
                self._collection,
                query=vector.tolist(),
                using=WHOLE_VECTOR,
                limit=count,
                with_payload=False,
                **how,
            )
        return _hits(answer)

    def _there(self, found: dict[int, Any], row: int) -> Any:
        if row not in found:
            raise StoreError(f"{self.uri} was written meanwhile: search again")
        return found[row]


def _hits(answer: Any) -> Hits:
    rows = np.array([point.id for point in answer.points], np.int64)
    return Hits(rows, np.array([point.score for point in answer.points], np.float32))
