"""A table of queries and the documents that answer them: CSV or TSV as spreadsheets write it."""

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from idiolect.errors import InputError
from idiolect.readers.decoding import decode
from idiolect.teachers.base import query_id

DELIMITERS = "\t;,|"

COLUMNS = {
    "query": ("query", "querytext", "question", "text"),
    "document": (
        "document", "documentid", "documentpath", "doc", "docid", "docpath", "corpusid", "path", "file",
        "filename", "filepath",
    ),
    "grade": ("score", "grade", "relevance", "label", "rel"),
    "id": ("queryid", "qid"),
}  # fmt: skip
"""What a column holds → the names that it is known by, without case, spaces, hyphens and underscores."""

_SAMPLE = 100  # rows that the delimiter is told from


class Row(msgspec.Struct, frozen=True):
    """One judgment; `id` is the query's own, "" where the table has none; `line` counts from 1."""

    line: int
    query: str
    document: str
    grade: int = 1
    id: str = ""

    @property
    def query_id(self) -> str:
        return self.id or query_id("", self.query)


def read_table(path: Path) -> Iterator[Row]:
    """Yield the rows of a table with or without a header; without one, query and document come first.

    Raises InputError, with the line, where the table is no text, a row does not fit it, or a cell
    that is needed is empty.
    """
    try:
        text = decode(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path} is {error}") from None
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter, path) if delimiter else iter(())
    first = next(lines, None)
    if first is None:
        reason = "has one column: a query and its document are needed" if text.strip() else "is empty"
        raise InputError(f"{path} {reason}")
    columns = _columns(first[1], path)
    width = len(first[1])
    if columns is None:
        columns = {"query": 0, "document": 1}
        yield _row(*first, columns, width, path)
    for number, cells in lines:
        yield _row(number, cells, columns, width, path)


def _delimiter(text: str) -> str:
    """That of the candidates which cuts most rows into as many cells as the first; "" if none cuts it."""

    def agreement(delimiter: str) -> float:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        widths = []
        with contextlib.suppress(csv.Error):
            widths = [len(row) for row, _ in zip(rows, range(_SAMPLE), strict=False) if any(row)]
        if not widths or widths[0] < 2:
            return 0.0
        return sum(width == widths[0] for width in widths) / len(widths)

    best = max(DELIMITERS, key=agreement)
    return best if agreement(best) else ""


def _lines(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row that is not blank begins, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{path}, line {number}: {error}; are its quotes doubled?") from None
        if any(cell.strip() for cell in cells):
            yield number, [cell.strip() for cell in cells]


def _columns(cells: Sequence[str], path: Path) -> dict[str, int] | None:
    """What the header's columns hold → their positions; None where the first row is no header."""
    names = [cell.casefold().translate({ord(mark): None for mark in " -_"}) for cell in cells]
    found = {
        kind: names.index(name)
        for kind, known in COLUMNS.items()
        for name in [next((name for name in known if name in names), None)]
        if name is not None
    }
    missing = {"query", "document"} - found.keys()
    if len(missing) == 2:
        return None
    if missing:
        (kind,) = missing
        others = [position for position in range(len(cells)) if position not in found.values()]
        if len(others) != 1:
            raise InputError(
                f"{path}, line 1: which of {', '.join(map(repr, cells))} is the {kind}? Call it {kind!r}"
            )
        found[kind] = others[0]
    return found


def _row(number: int, cells: Sequence[str], columns: dict[str, int], width: int, path: Path) -> Row:
    where = f"{path}, line {number}"
    if any(cells[width:]):
        raise InputError(
            f"{where}: {len(cells)} cells where the first row has {width}; is a query's own mark unquoted?"
        )
    held = {kind: cells[column] if column < len(cells) else "" for kind, column in columns.items()}
    for kind, cell in held.items():
        if not cell:
            raise InputError(f"{where}: the {kind} is empty")
    query, identifier = (" ".join(held.get(kind, "").split()) for kind in ("query", "id"))
    return Row(number, query, held["document"], _grade(held, where), identifier)


def _grade(held: dict[str, str], where: str) -> int:
    text = held.get("grade", "1")
    try:
        grade = float(text)
    except ValueError:
        grade = 0.5
    if not grade.is_integer():
        raise InputError(f"{where}: the grade {text!r} is no whole number")
    return int(grade)
