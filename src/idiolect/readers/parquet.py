"""Parquet: one document a row, read batch by batch, without the columns that hold neither text nor numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from idiolect.errors import InputError
from idiolect.readers.base import Entry, Options
from idiolect.readers.rows import TEXT, columns, row_entry
from idiolect.readers.streams import until_broken

_ROWS = 256
_BUFFER = 1 << 20
"""Bytes read at a time of a column, which else is read whole for each group of rows."""
_ENCRYPTED = b"PARE"
_PANDAS_INDEX = "__index_level_"

_STRINGS = (types.is_string, types.is_large_string, types.is_string_view)
_SCALARS = (
    *(types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_date),
    *(types.is_timestamp, types.is_null),
)
_BYTES = (types.is_binary, types.is_large_binary, types.is_binary_view)
_LISTS = (types.is_list, types.is_large_list)

_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError)
"""The latter two of values that Python has none for, such as a day in the year 40000."""


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield a document for each row with text; rows are numbered from 1.

    Raises InputError where the file is encrypted or corrupt, or lacks a configured column, and OSError.
    """
    with file.open("rb") as opened:
        if opened.read(len(_ENCRYPTED)) == _ENCRYPTED:
            raise InputError("password: the file is encrypted")
        opened.seek(0)
        yield from until_broken(_entries(opened, options), _ERRORS)


def _entries(opened: BinaryIO, options: Options) -> Iterator[Entry]:
    table = pq.ParquetFile(opened, buffer_size=_BUFFER)
    names = [field.name for field in table.schema_arrow if _is_read(field, options)]
    if not names:
        raise InputError("no text: no column holds text or numbers")
    found = columns(names, options)
    rows = 0
    for batch in _batches(table, names):
        fields = [(at, field) for at, field in enumerate(batch.schema) if _is_read(field, options)]
        cells = zip(*(_values(batch.column(at)) for at, _ in fields), strict=True)
        for number, values in enumerate(cells, rows + 1):
            entry = row_entry(found, values, f":{number}", options)
            if entry is not None:
                yield entry
        rows += batch.num_rows
    if not rows:
        raise InputError("empty: no rows")


def _batches(table: pq.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    """Group by group, so that a broken one costs nothing of the group before."""
    for group in range(table.num_row_groups):
        yield from table.iter_batches(_ROWS, row_groups=[group], columns=names, use_threads=False)


def _is_read(field: pa.Field, options: Options) -> bool:
    """Vectors, pictures and nested records are not; text that is stored as bytes is where its name says so."""
    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    if field.name.startswith(_PANDAS_INDEX):
        return False
    if any(is_list(kind) for is_list in _LISTS):
        return any(is_string(kind.value_type) for is_string in _STRINGS)
    if any(is_bytes(kind) for is_bytes in _BYTES):
        return field.name in options.text_columns or field.name.casefold() in TEXT
    return any(is_read(kind) for is_read in (*_STRINGS, *_SCALARS))


def _values(column: pa.Array) -> list[Any]:
    kind = column.type
    if types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us"), safe=False)  # Python's dates know no nanoseconds
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(pa.large_binary()).to_pylist()
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values]
