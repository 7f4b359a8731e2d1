"""CSV and its relations: one document a row below the header, whatever separates the cells."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from idiolect.errors import InputError
from idiolect.readers.base import Entry, Options, huge
from idiolect.readers.decoding import encoding_of
from idiolect.readers.rows import columns, row_entry
from idiolect.readers.streams import until_broken
from idiolect.records import Record

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS = 65_536
_SAMPLE_ROWS = 100
_STATED = re.compile(r"sep=([^\w\s\"]|\t)\r?\n", re.IGNORECASE)
"""How Excel writes the delimiter on top of a file, and reads it back."""
_END = "\0end"
_LAST_ROW = [_END, _END]


class Dialect(Record, frozen=True):
    """How a file is written.  `quoted`: a cell may stand in quotes, and hold delimiters and line ends."""

    delimiter: str
    quoted: bool
    stated: bool = False


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield a document for each row with text; the header is row 1.

    Raises InputError where the file is no text or lacks a configured column, and OSError.
    """
    csv.field_size_limit(max(options.largest, _SAMPLE_CHARACTERS))
    with file.open("rb") as stream:
        encoding = encoding_of(stream)
    with file.open(encoding=encoding, errors="replace", newline="") as text:
        dialect = dialect_of(text.read(_SAMPLE_CHARACTERS))
    with file.open(encoding=encoding, errors="replace", newline="") as text:
        yield from until_broken(_entries(text, dialect, options), (csv.Error,))


def dialect_of(sample: str) -> Dialect:
    """The dialect in which the most rows of `sample` have as many cells as its header; the more of both the better."""
    stated = _STATED.match(sample)
    if stated:
        return Dialect(stated[1], quoted=True, stated=True)
    dialects = [Dialect(delimiter, quoted) for quoted in (True, False) for delimiter in _DELIMITERS]
    return max(dialects, key=lambda dialect: _regularity(sample, dialect))


def _regularity(sample: str, dialect: Dialect) -> tuple[bool, float, int, int]:
    """Whether the header has several cells, the share of rows that have as many, how many, and the rows.

    A quote that is a mere inch mark makes one row of all that follow.
    """
    lines = io.StringIO(sample, newline="")
    found = [row for row in itertools.islice(_reader(lines, dialect), _SAMPLE_ROWS) if row]
    if len(sample) == _SAMPLE_CHARACTERS and len(found) > 1:
        found.pop()  # it may be cut
    width = len(found[0]) if found else 0
    share = sum(len(row) == width for row in found) / max(len(found), 1)
    return width > 1, share, width, len(found) if width > 1 else 0


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    if dialect.quoted:
        return csv.reader(lines, delimiter=dialect.delimiter)
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)


def _entries(text: TextIO, dialect: Dialect, options: Options) -> Iterator[Entry]:
    rows = enumerate(_reader(_lines(text, dialect, options.largest), dialect), 1)
    if dialect.stated:
        next(rows)
    _, header = next((number, row) for number, row in rows if any(map(str.strip, row)))
    if header == _LAST_ROW:
        raise InputError("empty")
    found = columns(header, options)
    barren = True
    for number, row in rows:
        place = f":{number}"
        if row == _LAST_ROW:
            break
        if row and row[-1].endswith(_END):
            yield Entry(reason="corrupt: a quote that opens here never closes", place=place)
            return
        entry = row_entry(found, row, place, options)
        if entry is not None:
            barren = False
            yield entry
    if barren:
        raise InputError("empty: a header and no rows")


def _lines(text: TextIO, dialect: Dialect, largest: int) -> Iterator[str]:
    """The lines and one for the end, which is no row of its own where a quote is still open."""
    while line := text.readline(largest + 1):
        if len(line) > largest:
            raise InputError(huge(len(line), largest))
        yield line
    yield dialect.delimiter.join(_LAST_ROW)
