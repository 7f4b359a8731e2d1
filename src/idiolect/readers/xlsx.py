"""Excel workbooks: one document a row of every sheet that is shown."""

import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from idiolect.errors import InputError
from idiolect.readers import archives
from idiolect.readers.base import Entry, Options
from idiolect.readers.rows import cell_text, columns, row_entry

MOST_CELLS = 20_000_000
"""A sheet is held as a grid from its first filled cell to its last, 32 bytes each cell between."""

_FILLED_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
_BLOCK = 1 << 20
_LONGEST_TAG = 200
_ROWS_ABOVE = 10


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield a document for each row with text; where there are several sheets, places name them.

    Raises InputError where the file is encrypted, corrupt or huge, and OSError.
    """
    archives.check(file, options)
    try:
        _refuse_sparse(file)
        workbook = CalamineWorkbook.from_path(file)
    except PasswordError:
        raise InputError("password: the workbook is encrypted") from None
    except (CalamineError, *_ARCHIVE_ERRORS) as error:
        raise InputError(f"corrupt: {error}") from None
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    for sheet in sheets:
        place = f"#{sheet.name}" if len(sheets) > 1 else ""
        try:
            if sheet.visible != SheetVisibleEnum.Visible:
                raise InputError("hidden: the sheet is not shown")
            yield from _entries(workbook.get_sheet_by_name(sheet.name), place, options)
        except CalamineError as error:
            yield Entry(reason=f"corrupt: {error}", place=place)
        except InputError as error:
            yield Entry(reason=str(error), place=place)


def _entries(sheet: CalamineSheet, place: str, options: Options) -> Iterator[Entry]:
    rows = enumerate(sheet.iter_rows(), 1)
    top = list(
        itertools.islice(((number, row) for number, row in rows if any(map(cell_text, row))), _ROWS_ABOVE)
    )
    if not top:
        raise InputError("empty: a sheet without rows")
    first = _header(top)
    found = columns(top[first][1], options)
    barren = True
    for number, row in itertools.chain(top[first + 1 :], rows):
        entry = row_entry(found, row, f"{place}:{number}", options)
        if entry is not None:
            barren = False
            yield entry
    if barren:
        raise InputError("empty: a header and no rows")


def _header(top: Sequence[tuple[int, Sequence[Any]]]) -> int:
    """The first row with several values: a heading over the table has one."""
    several = (at for at, (_, row) in enumerate(top) if sum(bool(cell_text(cell)) for cell in row) > 1)
    return next(several, 0)


def _refuse_sparse(file: Path) -> None:
    """Raise InputError where one cell far from the others would take the memory of millions."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as sheet:
                    height, width = _extent(cast(BinaryIO, sheet))
                if height * width > MOST_CELLS:
                    raise InputError(f"huge: the cells of a sheet span {height:,} rows and {width:,} columns")


def _extent(sheet: BinaryIO) -> tuple[int, int]:
    """The number of the last row and of the last column with a value."""
    height = 0
    letters: set[bytes] = set()
    rest = b""
    while block := sheet.read(_BLOCK):
        cells = _FILLED_CELL.findall(rest + block)
        height = max(height, *(int(row) for _, row in cells), 0)
        letters.update(column for column, _ in cells)
        rest = block[-_LONGEST_TAG:]
    return height, max(map(_column_number, letters), default=0)


def _column_number(letters: bytes) -> int:
    """ "A" → 1, "Z" → 26, "AA" → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
