"""Reading a LanceDB folder: one version of each table."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from idiolect.errors import StoreError
from idiolect.index.bm25 import Segment
from idiolect.index.store import Entry, Hits, Rows, Where
from idiolect.index.stores.lance_tables import (
    CHUNK,
    ROW_ID,
    State,
    Version,
    column,
    condition_of,
    load_state,
    matrix,
    quoted,
    read,
    read_segments,
    take,
    told,
)
from idiolect.index.stores.reading import StoredReader
from idiolect.mining.top import top
from idiolect.runtimes.encoder import unit

SCANNED = 200_000
"""Rows up to which all vectors are held in memory and compared; above, LanceDB's own index finds candidates."""

PROBES = 40
"""Partitions of LanceDB's index that a search goes through."""


class LanceReader(StoredReader):
    """The versions that a state names, opened when they are first asked for."""

    def __init__(self, db: Any, folder: Path, state: State) -> None:
        super().__init__(str(folder), state.indexed)
        self._db = db
        self._folder = folder
        self._state = state

    def current(self) -> bool:
        return load_state(self._folder) == self._state

    def dense(self, vector: NDArray[np.float32], count: int, where: Where = (), exact: bool = False) -> Hits:
        if self._scanned is not None:
            return self._best(self._scanned @ vector, count, where)
        candidates = self.indexed.candidates
        if exact or candidates.whole:
            return self._nearest(self._chunks, vector, count, where, exact)
        wanted = candidates.wanted(count)
        if candidates.dimension:
            short = unit(vector[None, : candidates.dimension])[0]
            rows = np.sort(self._nearest(self._short, short, wanted, where).rows)
        else:
            rows = np.sort(self._nearest(self._chunks, vector, wanted, where).rows)
        cosines = self.cosines(vector, rows)
        best = top(cosines, count)
        return Hits(rows[best], cosines[best])

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        return self.vectors(rows) @ vector

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        if self._scanned is not None:
            return self._scanned[self._places(rows)]
        order = np.argsort(rows)
        vectors = np.empty((len(rows), self.indexed.dimension), np.float32)
        for part in self._taken(rows, ["row", "vector"]):
            vectors[order[np.searchsorted(rows, part["row"].to_numpy(), sorter=order)]] = matrix(part)
        return vectors

    def entries(self, rows: Rows) -> list[Entry]:
        found = {
            one.pop("row"): msgspec.convert(one, Entry)
            for part in self._taken(rows, ["row", *CHUNK])
            for one in part.to_pylist()
        }
        return [found[row] for row in rows.tolist()]

    def around(self, document_id: str, first: int, last: int) -> list[Entry]:
        condition = f"document_id = {quoted(document_id)} and position between {first} and {last}"
        parts = read(self._chunks, CHUNK, condition)
        found = [msgspec.convert(one, Entry) for part in parts for one in part.to_pylist()]
        return sorted(found, key=lambda entry: entry.position)

    def documents(self) -> dict[str, str]:
        parts = read(self._chunks, ["document_id", "path"], "position = 0")
        return {one["document_id"]: one["path"] for part in parts for one in part.to_pylist()}

    @property
    def approximate(self) -> bool:
        return self._scanned is None

    @cached_property
    def _chunks(self) -> Any:
        return self._opened(self._state.chunks)

    @cached_property
    def _postings(self) -> Any:
        return self._opened(self._state.postings)

    @cached_property
    def _short(self) -> Any:
        assert self._state.short is not None, "an index by shortened vectors has them"
        return self._opened(self._state.short)

    @cached_property
    def _scanned(self) -> NDArray[np.float32] | None:
        """float32 [rows, dimension] in the order of `_rows`; None where the store finds candidates."""
        if len(self._rows) > SCANNED or not self.indexed.candidates.whole:
            return None
        vectors = np.empty((len(self._rows), self.indexed.dimension), np.float32)
        for part in read(self._chunks, ["row", "vector"]):
            vectors[self._places(part["row"].to_numpy())] = matrix(part)
        return vectors

    def _numbered(self) -> tuple[Rows, NDArray[np.float32]]:
        rows, lengths, _ = self._places_in_table
        return rows, lengths

    @cached_property
    def _places_in_table(self) -> tuple[Rows, NDArray[np.float32], NDArray[np.uint64]]:
        """All rows, ascending, their lengths, and LanceDB's own ids of them, by which a version is read fastest."""
        parts = list(read(self._chunks, ["row", "length"], with_ids=True))
        rows = np.concatenate([*(part["row"].to_numpy() for part in parts), np.zeros(0, np.int64)])
        lengths = np.concatenate([*(part["length"].to_numpy() for part in parts), np.zeros(0, np.int32)])
        ids = np.concatenate([*(part[ROW_ID].to_numpy() for part in parts), np.zeros(0, np.uint64)])
        order = np.argsort(rows)
        return rows[order], lengths[order].astype(np.float32), ids[order]

    def _taken(self, rows: Rows, columns: Sequence[str]) -> Iterable[Any]:
        ids = self._places_in_table[2][self._places(rows)]
        return take(self._chunks, ids, columns)

    def _segments(self, terms: Sequence[str]) -> Iterable[Segment]:
        return read_segments(self._postings, f"term in ({', '.join(map(quoted, terms))})")

    def _allowed(self, where: Where) -> Rows:
        return column(self._chunks, "row", condition_of(where))

    def _nearest(
        self, table: Any, vector: NDArray[np.float32], count: int, where: Where, exact: bool = False
    ) -> Hits:
        query = table.search(vector).distance_type("dot").select(["row", "_distance"]).limit(count)
        if where:
            query = query.where(condition_of(where), prefilter=True)
        if exact:
            query = query.bypass_vector_index()
        elif where:  # what fits may lie far away
            query = query.minimum_nprobes(PROBES).maximum_nprobes(0)
        else:
            query = query.nprobes(PROBES)
        with told(table):
            found = query.to_arrow()
        return Hits(found["row"].to_numpy(), 1.0 - found["_distance"].to_numpy())

    def _opened(self, wanted: Version) -> Any:
        try:
            table = self._db.open_table(wanted.name)
            table.checkout(wanted.version)
        except (ValueError, RuntimeError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"{self.uri} lacks what it should hold ({reason}): search again if it was written just now, "
                "else delete it and index again"
            ) from None
        return table
