"""LanceDB in a folder: chunks with their vectors and text in one table, the terms that they hold in another.

index.json     what the store was made with, and the version of each table that is read
chunks_N.lance a row a version of a chunk, with vectors of N numbers
postings.lance term → rows and counts, a segment for each `put`
short_N.lance  vectors shortened to N numbers of the rows that are read, where candidates are found by those
bridge.msgpack a map to the vectors that are read from another model's, which are being written

Tables keep their versions: rows are added to new ones, and the file that names those to read is replaced last.
"""

import datetime
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from idiolect.errors import MissingExtra, StoreError
from idiolect.files import replacing, write_json
from idiolect.holding import held
from idiolect.index.bm25 import segments
from idiolect.index.store import Batch, Bridge, Candidates, Indexed, Key
from idiolect.index.stores import lance_tables as tables
from idiolect.index.stores.lance_merging import merge
from idiolect.index.stores.lance_reading import SCANNED, LanceReader
from idiolect.runtimes.encoder import unit

KEPT = datetime.timedelta(minutes=1)
"""How much older than what is read a version must be to be deleted."""

FOR_EVER = datetime.timedelta(days=36_500)

WRITES = 16
"""Whose segments of terms lie apart at most: above, those of each term become one."""

TRAINED = 256
"""Rows that LanceDB's quantisers need at least."""


class LanceStore:
    """One folder, with one writer at a time."""

    def __init__(self, folder: Path) -> None:
        """Raises MissingExtra without lancedb, StoreError for a folder of something else."""
        if find_spec("lancedb") is None:
            raise MissingExtra("lancedb", "index")
        self.uri = str(folder)
        self._folder = folder
        self._last: int | None = None
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"{folder} is a file: --store takes a folder")
        if folder.is_dir() and not self._is_store():
            raise StoreError(f"{folder} holds something else than an index: give --store a folder of its own")

    @contextmanager
    def writing(self) -> Iterator[None]:
        with held(self._folder, StoreError, "give another folder to --store"):
            self._last = self._last_row()  # nobody else writes: it need not be looked for again
            try:
                yield
            finally:
                self._last = None

    def supports(self, candidates: Candidates) -> None:
        """All of them."""

    def indexed(self) -> Indexed | None:
        state = tables.load_state(self._folder)
        return state.indexed if state else None

    def read(self) -> LanceReader:
        state = tables.load_state(self._folder)
        if state is None:
            raise StoreError(f"{self.uri} holds no index yet: idiolect index BUNDLE DOCS --store {self.uri}")
        return LanceReader(self._db, self._folder, state)

    def held(self, model_digest: str) -> set[Key]:
        condition = f"model = {tables.quoted(model_digest)}"
        return {
            (one["id"], one["digest"])
            for name in self._chunk_tables()
            for part in tables.read(self._db.open_table(name), ["id", "digest"], condition)
            for one in part.to_pylist()
        }

    def put(self, batch: Batch, model_digest: str) -> None:
        last = self._last_row() if self._last is None else self._last
        rows = np.arange(last + 1, last + 1 + len(batch.entries))
        columns: dict[str, Any] = {
            name: [getattr(entry, name) for entry in batch.entries] for name in tables.CHUNK
        }
        columns |= {
            "row": rows,
            "model": [model_digest] * len(rows),
            "length": [counts.total() for counts in batch.terms],
            "vector": tables.vector_column(batch.vectors),
        }
        # Terms first: rows without a chunk are not read, a chunk without its terms would be.
        written = tables.postings_columns(segments(batch.terms, rows), int(rows[-1]))
        self._add("postings", tables.postings_schema(), written)
        dimension = batch.vectors.shape[1]
        self._add(_chunks(dimension), tables.chunks_schema(dimension), columns)
        if self._last is not None:
            self._last = int(rows[-1])

    def commit(self, indexed: Indexed, keep: set[Key]) -> Indexed:
        with self._written():
            return self._commit(indexed, keep)

    def _commit(self, indexed: Indexed, keep: set[Key]) -> Indexed:
        import lancedb.index

        before = tables.load_state(self._folder)
        if before:
            self._clean(before)
        chunks = self._table(_chunks(indexed.dimension), tables.chunks_schema(indexed.dimension))
        postings = self._table("postings", tables.postings_schema())
        unwanted, documents, lengths = [], set(), []
        seen: set[Key] = set()
        for part in tables.read(chunks, ["row", "id", "digest", "model", "document_id", "length"]):
            for one in part.to_pylist():
                key = (one["id"], one["digest"])
                if key not in keep or one["model"] != indexed.model_digest or key in seen:
                    unwanted.append(one["row"])
                    continue
                seen.add(key)
                documents.add(one["document_id"])
                lengths.append(one["length"])
        tables.delete_rows(chunks, unwanted)
        if len(unwanted) > len(seen) // 4 or len(np.unique(tables.column(postings, "last"))) > WRITES:
            held = [tables.column(self._db.open_table(name), "row") for name in self._chunk_tables()]
            merge(postings, np.concatenate(held))
        for table, column in ((chunks, "row"), (chunks, "document_id"), (postings, "term")):
            table.create_index(column, config=lancedb.index.BTree())
        short = self._shortened(chunks, indexed.candidates)
        trained = before.trained if before else 0
        trained = _index_vectors(chunks if short is None else short, indexed.candidates, len(seen), trained)
        written = [table for table in (chunks, postings, short) if table is not None]
        for table in written:
            table.optimize(cleanup_older_than=FOR_EVER)
        indexed = msgspec.structs.replace(
            indexed,
            chunks=len(seen),
            documents=len(documents),
            mean_length=float(np.mean(lengths)) if lengths else 0.0,
        )
        state = tables.State(
            indexed=indexed,
            chunks=tables.Version(name=chunks.name, version=chunks.version),
            postings=tables.Version(name=postings.name, version=postings.version),
            last=self._last_row(),
            trained=trained,
            short=None if short is None else tables.Version(name=short.name, version=short.version),
        )
        write_json(tables.state_file(self._folder), state)
        if before and before.indexed.model_digest != indexed.model_digest:
            self.lay(None)
        self._drop_others({table.name for table in written}, before)
        return indexed

    def expunge(self, documents: Collection[str]) -> str:
        """The rows that stay go into a folder that takes this one's place: versions and indexes keep what was."""
        from idiolect.index.stores.lance_expunging import without

        with self.writing(), self._written(), replacing(self._folder) as draft:
            draft.mkdir()
            without(self.read() if self.indexed() else None, LanceStore(draft), documents)
            if self._bridge.is_file():
                (draft / self._bridge.name).write_bytes(self._bridge.read_bytes())
        self.__dict__.pop("_db", None)  # which holds files of the folder that was
        return ""

    def lay(self, bridge: Bridge | None) -> None:
        if bridge is None:
            self._bridge.unlink(missing_ok=True)
            return
        with replacing(self._bridge) as file:
            file.write_bytes(msgspec.msgpack.encode(bridge))

    def bridge(self) -> Bridge | None:
        state = tables.load_state(self._folder)
        if state is None or not self._bridge.is_file():
            return None
        bridge = msgspec.msgpack.decode(self._bridge.read_bytes(), type=Bridge)
        return bridge if bridge.old == state.indexed.model_digest else None

    @property
    def _bridge(self) -> Path:
        return self._folder / "bridge.msgpack"

    @cached_property
    def _db(self) -> Any:
        """Opened when it is first used: lancedb does not want processes to be forked once it runs."""
        import lancedb

        return lancedb.connect(str(self._folder))

    def _is_store(self) -> bool:
        held = {path.name for path in self._folder.iterdir()}
        return (
            held <= {".lock"}
            or tables.state_file(self._folder).is_file()
            or any(name == "postings.lance" or name.startswith("chunks_") for name in held)
        )

    def _names(self) -> list[str]:
        return list(self._db.list_tables().tables)

    def _chunk_tables(self) -> list[str]:
        return [name for name in self._names() if name.startswith("chunks_")]

    def _clean(self, state: tables.State) -> None:
        """Delete what is older than the versions that are read until now; those stay for who reads them."""
        for version in (state.chunks, state.postings, *([state.short] if state.short else [])):
            table = self._db.open_table(version.name)
            for one in table.list_versions():
                if one["version"] == version.version:
                    made = one["timestamp"]
                    age = datetime.datetime.now(made.tzinfo) - made
                    table.optimize(cleanup_older_than=age + KEPT)

    @contextmanager
    def _written(self) -> Iterator[None]:
        """What LanceDB raises as one line."""
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise StoreError(
                f"{self.uri} cannot be written ({reason}): make room and index again; what was encoded is kept"
            ) from None

    def _last_row(self) -> int:
        """The highest number that was ever given, -1 for none."""
        state = tables.load_state(self._folder)
        last = state.last if state else -1
        written = [(name, "row") for name in self._chunk_tables()]
        if "postings" in self._names():
            written.append(("postings", "last"))
        for name, column in written:
            last = int(tables.column(self._db.open_table(name), column).max(initial=last))
        return last

    def _shortened(self, chunks: Any, candidates: Candidates) -> Any:
        """The table of shortened vectors, of the rows that `chunks` has; None where none are asked for."""
        if not candidates.dimension:
            return None
        name, schema = _short(candidates.dimension), tables.short_schema(candidates.dimension)
        table = self._table(name, schema)
        held, wanted = tables.column(table, "row"), tables.column(chunks, "row")
        tables.delete_rows(table, np.setdiff1d(held, wanted).tolist())
        for part in tables.read_rows(chunks, np.setdiff1d(wanted, held), ["row", "tags", "vector"]):
            short = unit(np.ascontiguousarray(tables.matrix(part)[:, : candidates.dimension]))
            columns = {"row": part["row"], "tags": part["tags"], "vector": tables.vector_column(short)}
            self._add(name, schema, columns)
        table.checkout_latest()
        return table

    def _table(self, name: str, schema: Any) -> Any:
        if name in self._names():
            return self._db.open_table(name)
        return self._db.create_table(name, schema=schema)

    def _drop_others(self, names: set[str], before: tables.State | None) -> None:
        """Tables of vectors of other lengths; not those that were read until now, which somebody may still read."""
        if before is not None:
            names = names | {before.chunks.name} | ({before.short.name} if before.short else set())
        for name in set(self._names()) - names:
            self._db.drop_table(name)

    def _add(self, name: str, schema: Any, columns: dict[str, Any]) -> None:
        import pyarrow as pa

        with self._written():
            self._table(name, schema).add(pa.table(columns, schema=schema))


def _chunks(dimension: int) -> str:
    return f"chunks_{dimension}"


def _short(dimension: int) -> str:
    return f"short_{dimension}"


def _index_vectors(table: Any, candidates: Candidates, count: int, trained: int) -> int:
    """An index where vectors are not all compared; the number of rows that it was made of.

    One of the same kind is kept, to which LanceDB adds what came since, until there are twice as many rows.
    """
    import lancedb.index

    if count < TRAINED or (candidates.whole and count <= SCANNED):
        return 0
    kind = {"float32": "IvfFlat", "int8": "IvfSq", "binary": "IvfRq"}[candidates.precision]
    held = {index.index_type for index in table.list_indices() if index.columns == ["vector"]}
    if held == {kind} and count // 2 <= trained <= count * 2:
        return trained
    table.create_index("vector", config=getattr(lancedb.index, kind)(distance_type="dot"))
    return count
