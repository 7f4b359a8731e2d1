"""Jupyter notebooks: their Markdown and their code, without what running them put out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from idiolect.errors import InputError
from idiolect.readers import markdown
from idiolect.readers.base import Block, Content, Entry, Options, has_words
from idiolect.readers.decoding import decode
from idiolect.readers.writer import visible

_PICTURE = re.compile(r"\(data:[^)\s]*\)")
"""A picture inside Markdown, as base64."""


class _Cell(msgspec.Struct):
    """A cell of nbformat 3 or 4: code is `input` in the one and `source` in the other."""

    cell_type: Any = ""
    source: Any = ""
    input: Any = ""
    level: Any = 1

    @property
    def text(self) -> str:
        text = self.source or self.input
        if isinstance(text, list):
            text = "".join(part for part in text if isinstance(part, str))
        return text if isinstance(text, str) else ""


class _Worksheet(msgspec.Struct):
    cells: list[_Cell] = []


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []
    worksheets: list[_Worksheet] = []
    metadata: dict[str, Any] = {}


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the notebook as one document. Raises InputError where it is no notebook, and OSError."""
    yield Entry(content=parse(decode(file.read_bytes())))


def parse(text: str) -> Content:
    """The cells in their order; a cell of code is a block of code.

    Raises InputError, its message the reason, where `text` is no notebook.
    """
    try:
        notebook = msgspec.json.decode(text, type=_Notebook)
    except msgspec.DecodeError as error:
        raise InputError(f"corrupt: no notebook: {error}") from None
    cells = notebook.cells + [cell for sheet in notebook.worksheets for cell in sheet.cells]
    if not cells:
        raise InputError("empty: a notebook without cells")
    top = (
        markdown.parse(_marked_up(cells[0])) if cells[0].cell_type != "code" else Content(text="", blocks=[])
    )
    joined = _Joined()
    for cell in cells:
        joined.add(cell)
    return joined.content(top.title, {**_language(notebook.metadata), **top.metadata})


class _Joined:
    """Cells put together, a blank line between."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self.length = 0

    def add(self, cell: _Cell) -> None:
        if cell.cell_type == "code":
            text = visible(cell.text).strip("\n").rstrip()
            blocks = [Block(start=0, end=len(text), kind="code")] if has_words(text) else []
        else:
            text = _marked_up(cell)
            blocks = markdown.parse(text).blocks
        if not blocks:
            return
        if self.parts:
            self.parts.append("\n\n")
            self.length += 2
        self.blocks += [
            msgspec.structs.replace(block, start=self.length + block.start, end=self.length + block.end)
            for block in blocks
        ]
        self.parts.append(text)
        self.length += len(text)

    def content(self, title: str, metadata: dict[str, Any]) -> Content:
        """Titled as front matter says, else by the first of the topmost headings."""
        headings = [block for block in self.blocks if block.kind == "heading" and block.heading]
        topmost = min(headings, key=lambda block: block.level, default=None)
        title = title or (topmost.heading if topmost else "")
        return Content(text="".join(self.parts), blocks=self.blocks, title=title, metadata=metadata)


def _marked_up(cell: _Cell) -> str:
    """The Markdown of a cell that is no code, without pictures; nbformat 3 has headings of their own."""
    text = _PICTURE.sub("()", visible(cell.text))
    if cell.cell_type != "heading":
        return text
    level = cell.level if cell.level in range(1, 7) else 6
    return "#" * level + f" {' '.join(text.split())}"


def _language(metadata: dict[str, Any]) -> dict[str, Any]:
    """The programming language, where the notebook states it."""
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        stated = metadata.get(key)
        if isinstance(stated, dict) and isinstance(stated.get(name), str):
            return {"programming_language": stated[name].lower()}
    return {}
