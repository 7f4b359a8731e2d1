"""Text put together block by block, for formats whose files hold no text as such."""

import re
from typing import Any

from idiolect.readers.base import Block, BlockKind, Content, has_words

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u00ad\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
"""Soft hyphens, and what no UTF-8 file or no reader can do anything with: controls, half characters."""


class Writer:
    """Collects blocks, a blank line between each and the next."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.length = 0
        """Characters so far: where a block that is added next begins, or two characters before it."""
        self._parts: list[str] = []

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        """Put a block down; one without words is left out.

        `level` (1 is the topmost) is a heading's alone; a heading is one line.
        """
        text = visible(text)
        text = squeezed(text) if kind == "heading" else text.strip("\n").rstrip()
        if not has_words(text):
            return
        if self.blocks:
            self._parts.append("\n\n")
            self.length += 2
        start, self.length = self.length, self.length + len(text)
        self._parts.append(text)
        heading = text if kind == "heading" else ""
        self.blocks.append(Block(start=start, end=self.length, kind=kind, level=level, heading=heading))

    def content(self, title: str = "", metadata: dict[str, Any] | None = None) -> Content:
        """All blocks so far; empty values of `metadata` are left out."""
        told = {key: value for key, value in (metadata or {}).items() if value not in ("", [], None)}
        return Content(
            text="".join(self._parts), blocks=self.blocks, title=squeezed(visible(title)), metadata=told
        )


def visible(text: str) -> str:
    """The text without control characters and the like, its line ends as "\\n"."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def squeezed(text: str) -> str:
    """The text on one line, with single spaces."""
    return " ".join(text.split())


def table_rows(rows: list[list[str]]) -> str:
    """A table's text: a line a row, "a | b", without rows that say nothing."""
    lines = (" | ".join(squeezed(cell) for cell in row) for row in rows)
    return "\n".join(line.strip() for line in lines if has_words(line))
