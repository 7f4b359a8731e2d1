"""A table's rows as documents: which column is the text, which the title, and what the rest is."""

import datetime
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from idiolect.errors import InputError
from idiolect.readers.base import Block, Content, Entry, Options, huge, paragraphs
from idiolect.readers.writer import squeezed, visible
from idiolect.records import Record

TEXT = ("text", "body", "content", "description", "passage", "abstract", "answer", "message", "comment")
TITLE = ("title", "name", "subject", "headline", "question")
ID = ("_id",)
"""What columns are called that are taken where none are configured: the first that a table has.

A plain "id" often begins at 1 in every file of a folder: ingest.id_column takes it where it tells documents apart.
"""

_LONGEST_VALUE = 1_000
_MOST_VALUES = 100
_MOST_NAMED = 20


class Columns(Record, frozen=True):
    """The columns of one table by number; without any `text` all that are no title or id are the text."""

    names: tuple[str, ...]
    text: tuple[int, ...]
    title: int | None
    id: int | None

    def name(self, number: int) -> str:
        """A row may have more cells than its table has names."""
        return self.names[number] if number < len(self.names) else f"column {number + 1}"


def columns(header: Sequence[Any], options: Options) -> Columns:
    """The columns named in `header`, as `options` or their names say what they are.

    A column without a name is called by its number, the second of a name "name (2)".
    Raises InputError where a column is configured that the table lacks.
    """
    names = _distinct([squeezed(cell_text(cell)) for cell in header])
    text = [_configured(name, names) for name in options.text_columns] or _usual(TEXT, names, ())
    title = [_configured(options.title_column, names)] if options.title_column else _usual(TITLE, names, text)
    identifier = [_configured(options.id_column, names)] if options.id_column else _usual(ID, names, text)
    return Columns(tuple(names), tuple(text), next(iter(title), None), next(iter(identifier), None))


def row_entry(found: Columns, values: Sequence[Any], place: str, options: Options) -> Entry | None:
    """The document that a row is; None for a row without any value."""
    cells = [cell_text(value) for value in values]
    if not any(cells):
        return None
    title = squeezed(_cell(cells, found.title))
    text, blocks = _joined(found, cells) if found.text else _rendered(found, cells)
    if not blocks:
        # BEIR's corpora hold documents that are titles alone, with relevant judgments.
        title, text = "", title
        blocks = list(paragraphs(text))
    if not blocks:
        return Entry(place=place, reason="empty")
    if len(text) > options.largest:
        return Entry(place=place, reason=huge(len(text), options.largest))
    content = Content(text=text, blocks=blocks, title=title, metadata=_metadata(found, values, cells))
    return Entry(place=place, id=squeezed(_cell(cells, found.id)), content=content)


def cell_text(value: Any) -> str:
    """A cell as a person would write it: whole numbers without ".0", dates by ISO 8601, a list a line an item."""
    if isinstance(value, str):
        return visible(value).strip()
    if value is None or isinstance(value, (bytes, dict)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.15g}" if math.isfinite(value) else ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "\n".join(filter(None, map(cell_text, value)))
    return str(value)


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, None] = {}
    repeated = Counter[str]()
    for number, given in enumerate(names, 1):
        name = unique = given or f"column {number}"
        while unique in seen:
            repeated[name] += 1
            unique = f"{name} ({repeated[name] + 1})"
        seen[unique] = None
    return list(seen)


def _configured(wanted: str, names: list[str]) -> int:
    if wanted in names:
        return names.index(wanted)
    folded = [name.casefold() for name in names]
    if wanted.casefold() in folded:
        return folded.index(wanted.casefold())
    shown = ", ".join(names[:_MOST_NAMED]) + ", …" * (len(names) > _MOST_NAMED)
    raise InputError(f"columns: the file has no column {wanted!r}; it has {shown}")


def _usual(usual: tuple[str, ...], names: list[str], taken: Sequence[int]) -> list[int]:
    """The first column that has one of the usual names, as a list of one; empty where there is none."""
    folded = {name.casefold(): number for number, name in reversed(list(enumerate(names)))}
    return [folded[name] for name in usual if name in folded and folded[name] not in taken][:1]


def _joined(found: Columns, cells: list[str]) -> tuple[str, list[Block]]:
    """The text columns one after the other, a blank line between."""
    text = "\n\n".join(filter(None, (_cell(cells, number) for number in found.text)))
    return text, list(paragraphs(text))


def _rendered(found: Columns, cells: list[str]) -> tuple[str, list[Block]]:
    """A line "name: value" a column, each a block or, where the value has blank lines, several."""
    lines: list[str] = []
    blocks: list[Block] = []
    at = 0
    for number, cell in enumerate(cells):
        if cell and number not in (found.title, found.id):
            lines.append(f"{found.name(number)}: {cell}")
            blocks += [
                Block(start=at + block.start, end=at + block.end, kind=block.kind)
                for block in paragraphs(lines[-1])
            ]
            at += len(lines[-1]) + 1
    return "\n".join(lines), blocks


def _metadata(found: Columns, values: Sequence[Any], cells: list[str]) -> dict[str, Any]:
    """The columns that are not the text, numbers as numbers, long values cut."""
    used = {found.title, found.id, *(found.text or range(len(cells)))}
    kept: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        if cell and number not in used and len(kept) < _MOST_VALUES:
            number_or_flag = isinstance(values[number], (int, float))
            kept[found.name(number)] = values[number] if number_or_flag else cell[:_LONGEST_VALUE]
    return kept


def _cell(cells: list[str], number: int | None) -> str:
    return cells[number] if number is not None and number < len(cells) else ""
