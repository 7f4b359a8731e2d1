"""LanceDB's tables as arrays and conditions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from idiolect.errors import StoreError
from idiolect.index.bm25 import Segment
from idiolect.index.store import SCHEMA, Indexed, Rows, Where
from idiolect.records import Record

PIECE = 5_000
"""Rows that one condition names at most."""

ROW_ID = "_rowid"
"""LanceDB's own, of a version of a table."""

CHUNK = ("id", "document_id", "position", "path", "title", "text", "start", "end", "tags", "digest")


class Version(Record, frozen=True, kw_only=True):
    """Of a table."""

    name: str
    version: int


class State(Record, frozen=True, kw_only=True):
    """What is read; `short` are the shortened vectors, where there are any.

    `last` is the highest row that was ever written, `trained` the number of rows that the index of vectors was made of.
    """

    indexed: Indexed
    chunks: Version
    postings: Version
    last: int
    trained: int = 0
    short: Version | None = None


def state_file(folder: Path) -> Path:
    return folder / "index.json"


def load_state(folder: Path) -> State | None:
    """What the last commit said. Raises StoreError where it cannot be read."""
    path = state_file(folder)
    if not path.is_file():
        return None
    try:
        raw = msgspec.json.decode(path.read_bytes())
        schema = raw["indexed"]["schema"]
        if schema > SCHEMA:
            raise StoreError(f"{path} has schema {schema}, this version reads {SCHEMA}: upgrade idiolect")
        return msgspec.convert(raw, State)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise StoreError(f"{path} cannot be read ({error}): delete {folder} and index again") from None


def read(table: Any, columns: Sequence[str], condition: str = "", with_ids: bool = False) -> Iterator[Any]:
    """Tables of some rows each; ROW_ID is a column of them where it is asked for."""
    import pyarrow as pa

    with told(table):
        query = table.search().select(list(columns))
        if condition:
            query = query.where(condition)
        if with_ids:
            query = query.with_row_id(True)
        for part in query.to_batches():
            yield pa.Table.from_batches([part])


@contextmanager
def told(table: Any) -> Iterator[None]:
    """What LanceDB raises of a table that it cannot read, as one line."""
    try:
        yield
    except (RuntimeError, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(
            f"{table.name} of the store cannot be read ({reason}): search again if it was written just now, "
            "else delete the store and index again"
        ) from None


def take(table: Any, ids: NDArray[np.uint64], columns: Sequence[str]) -> Iterator[Any]:
    """The rows of these ROW_IDs, in any order."""
    for start in range(0, len(ids), PIECE):
        with told(table):
            found = table.take_row_ids(ids[start : start + PIECE].tolist()).select(list(columns)).to_arrow()
        yield found


def read_rows(table: Any, rows: Rows, columns: Sequence[str]) -> Iterator[Any]:
    """The same of given rows, in any order."""
    for start in range(0, len(rows), PIECE):
        yield from read(table, columns, among(rows[start : start + PIECE]))


def read_segments(postings: Any, condition: str) -> Iterator[Segment]:
    for part in read(postings, ["term", "rows", "counts"], condition):
        for term, rows, counts in zip(part["term"], part["rows"], part["counts"], strict=True):
            yield Segment(term.as_py(), rows.values.to_numpy(), counts.values.to_numpy())


def delete_rows(table: Any, rows: Sequence[int]) -> None:
    for start in range(0, len(rows), PIECE):
        table.delete(among(np.array(rows[start : start + PIECE], np.int64)))


def column(table: Any, name: str, condition: str = "") -> NDArray[np.int64]:
    parts = [part[name].to_numpy() for part in read(table, [name], condition)]
    return np.concatenate([*parts, np.zeros(0, np.int64)])


def among(rows: Rows) -> str:
    return f"row in ({', '.join(map(str, rows.tolist()))})"


def condition_of(where: Where) -> str:
    groups = (" or ".join(f"array_has(tags, {quoted(tag)})" for tag in group) for group in where)
    return " and ".join(f"({group})" for group in groups)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def matrix(part: Any) -> NDArray[np.float32]:
    """The vectors of a table: float32 [rows, dimension]."""
    vectors = part["vector"].combine_chunks()
    found: NDArray[np.float32] = vectors.values.to_numpy().reshape(len(vectors), -1)
    return found


def vector_column(vectors: NDArray[np.float32]) -> Any:
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def chunks_schema(dimension: int) -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    return pa.schema(
        [
            ("row", number),
            ("model", text),
            ("id", text),
            ("document_id", text),
            ("position", number),
            ("path", text),
            ("title", text),
            ("text", text),
            ("start", number),
            ("end", number),
            ("tags", pa.list_(text)),
            ("digest", text),
            ("length", pa.int32()),
            ("vector", pa.list_(pa.float32(), dimension)),
        ]
    )


def short_schema(dimension: int) -> Any:
    import pyarrow as pa

    return pa.schema(
        [("row", pa.int64()), ("tags", pa.list_(pa.string())), ("vector", pa.list_(pa.float32(), dimension))]
    )


def postings_schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            ("term", pa.string()),
            ("rows", pa.list_(pa.int64())),
            ("counts", pa.list_(pa.int32())),
            ("size", pa.int64()),
            ("last", pa.int64()),
        ]
    )


def postings_columns(segments: Sequence[Segment], last: int) -> dict[str, list[Any]]:
    """`size` counts a segment's rows; `last` is the highest row of the write."""
    return {
        "term": [segment.term for segment in segments],
        "rows": [segment.rows for segment in segments],
        "counts": [segment.counts for segment in segments],
        "size": [len(segment.rows) for segment in segments],
        "last": [last] * len(segments),
    }
