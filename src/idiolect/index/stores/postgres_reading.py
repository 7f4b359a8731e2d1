"""Reading one generation of a PostgreSQL store."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import StoreError
from idiolect.index.bm25 import Segment
from idiolect.index.store import Entry, Hits, Indexed, Rows, Where
from idiolect.index.stores.reading import StoredReader
from idiolect.mining.top import top

COLUMNS = 'id, document_id, position, path, title, text, start, "end", tags, digest'
"""Of `Entry`, in its order."""

SCANNED = 50_000
"""Rows up to which all vectors are compared; above, an index finds candidates."""

LONGEST = 1000
"""pgvector's bound of hnsw.ef_search."""


@dataclass(frozen=True)
class VectorIndex:
    """An HNSW index: what it is called and made of, and `distance`, which takes a query's %(vector)s."""

    name: str
    definition: str
    distance: str


def approximate(indexed: Indexed) -> bool:
    """Whether an index finds candidates."""
    return not indexed.candidates.whole or indexed.chunks > SCANNED


def vector_index(indexed: Indexed) -> VectorIndex:
    """The one that finds a store's candidates: of the model's own rows, since others may have another dimension."""
    found, model = indexed.candidates, indexed.model_digest
    size = found.dimension or indexed.dimension
    column, query = f"vector::vector({indexed.dimension})", f"%(vector)s::vector({indexed.dimension})"
    operator, kind = "<#>", "vector_ip_ops"
    if found.dimension:
        column, query = (f"subvector({one}, 1, {size})::vector({size})" for one in (column, query))
        operator, kind = "<=>", "vector_cosine_ops"
    if found.precision == "binary":
        column, query = (f"binary_quantize({one})::bit({size})" for one in (column, query))
        operator, kind = "<~>", "bit_hamming_ops"
    name = f"vectors_{model[:12]}_{size}_{found.precision}"
    return VectorIndex(
        name, f"using hnsw (({column}) {kind}) where model = '{model}'", f"({column}) {operator} ({query})"
    )


class PostgresReader(StoredReader):
    """What a generation holds; `connected` gives a connection in a transaction."""

    def __init__(
        self,
        uri: str,
        connected: Callable[[], AbstractContextManager[Any]],
        name: str,
        generation: int,
        indexed: Indexed,
    ) -> None:
        super().__init__(uri, indexed)
        self._connected = connected
        self._name = name
        self._generation = generation
        self._read = (
            f"model = '{indexed.model_digest}' and since <= {generation} "
            f"and (until is null or until > {generation})"
        )

    def current(self) -> bool:
        return self._select(f"select generation from {self._name}.state") == [(self._generation,)]

    def dense(self, vector: NDArray[np.float32], count: int, where: Where = (), exact: bool = False) -> Hits:
        if exact or self.indexed.candidates.whole:
            distance = f"(vector::vector({self.indexed.dimension})) <#> %(vector)s"
            found = self._nearest(distance, vector, count, where, exact)
            return Hits(_rows(found), np.array([-score for _, score in found], np.float32))
        wanted = self.indexed.candidates.wanted(count)
        rows = np.sort(_rows(self._nearest(vector_index(self.indexed).distance, vector, wanted, where)))
        cosines = self.cosines(vector, rows)
        best = top(cosines, count)
        return Hits(rows[best], cosines[best])

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        statement = (
            f"select number, -((vector::vector({self.indexed.dimension})) <#> %s) from {self._name}.chunks "
            "where number = any(%s)"
        )
        found = dict(self._select(statement, [vector, rows.tolist()]))
        return np.array([self._there(found, row) for row in rows.tolist()], np.float32)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        found = dict(self._of(rows, "number, vector"))
        vectors = np.empty((len(rows), self.indexed.dimension), np.float32)
        for place, row in enumerate(rows.tolist()):
            vectors[place] = self._there(found, row).to_numpy()
        return vectors

    def entries(self, rows: Rows) -> list[Entry]:
        found = {row: _entry(values) for row, *values in self._of(rows, f"number, {COLUMNS}")}
        return [self._there(found, row) for row in rows.tolist()]

    def around(self, document_id: str, first: int, last: int) -> list[Entry]:
        statement = (
            f"select {COLUMNS} from {self._name}.chunks where {self._read} "
            "and document_id = %s and position between %s and %s order by position"
        )
        return [_entry(values) for values in self._select(statement, [document_id, first, last])]

    def documents(self) -> dict[str, str]:
        statement = f"select document_id, path from {self._name}.chunks where {self._read} and position = 0"
        return dict(self._select(statement))

    @property
    def approximate(self) -> bool:
        return approximate(self.indexed)

    def _numbered(self) -> tuple[Rows, NDArray[np.float32]]:
        statement = f"select number, length from {self._name}.chunks where {self._read} order by number"
        found = np.array(self._select(statement), np.int64).reshape(-1, 2)
        return found[:, 0].copy(), found[:, 1].astype(np.float32)

    def _segments(self, terms: Sequence[str]) -> Iterable[Segment]:
        statement = f"select term, rows, counts from {self._name}.postings where term = any(%s)"
        for term, rows, counts in self._select(statement, [list(terms)]):
            yield Segment(term, np.array(rows, np.int64), np.array(counts, np.int32))

    def _allowed(self, where: Where) -> Rows:
        condition, given = _condition(where)
        return _rows(
            self._select(f"select number from {self._name}.chunks where {self._read}{condition}", given)
        )

    def _nearest(
        self, distance: str, vector: NDArray[np.float32], count: int, where: Where, exact: bool = False
    ) -> list[tuple[int, float]]:
        condition, given = _condition(where)
        statement = (
            f"select number, {distance} as distance from {self._name}.chunks where {self._read}{condition} "
            f"order by distance limit {count}"
        )
        with self._connected() as connection:
            if exact:
                connection.execute("set local enable_indexscan = off")
            else:
                connection.execute(f"set local hnsw.ef_search = {min(LONGEST, max(40, count))}")
                connection.execute("set local hnsw.iterative_scan = strict_order")
                if where:  # what fits may lie far away
                    connection.execute("set local hnsw.max_scan_tuples = 2147483647")
                    connection.execute("set local hnsw.scan_mem_multiplier = 1000")
            return read_all(connection, statement, {**given, "vector": vector})

    def _of(self, rows: Rows, columns: str) -> list[Any]:
        return self._select(
            f"select {columns} from {self._name}.chunks where number = any(%s)", [rows.tolist()]
        )

    def _there(self, found: dict[int, Any], row: int) -> Any:
        if row not in found:
            raise StoreError(f"{self.uri} was written meanwhile: search again")
        return found[row]

    def _select(self, statement: str, given: Any = None) -> list[Any]:
        with self._connected() as connection:
            return read_all(connection, statement, given)


def read_all(connection: Any, statement: str, given: Any = None) -> list[Any]:
    found: list[Any] = connection.execute(statement, given).fetchall()
    return found


def _entry(values: Sequence[Any]) -> Entry:
    return Entry(**dict(zip(Entry.__struct_fields__, values, strict=True)))


def _rows(found: Sequence[Sequence[Any]]) -> Rows:
    return np.array([row[0] for row in found], np.int64)


def _condition(where: Where) -> tuple[str, dict[str, Any]]:
    given = {f"tags{number}": list(group) for number, group in enumerate(where)}
    return "".join(f" and tags && %({name})s::text[]" for name in given), given
