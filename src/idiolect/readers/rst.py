"""reStructuredText, section by section, from its lines.

docutils itself gives no character offsets, and turns every Sphinx directive and role that it does
not know into an error in the document's place.  What chunks need is less: where sections begin,
how deep they are, and which stretches are text, code, list or table.  That much stands in the
lines: adornments under (and over) titles, `..` in front of explicit markup, indentation below it.
"""

import re
from typing import Any

from idiolect.readers.base import Block, BlockKind, Content, has_words, line_starts, trimmed

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+\s*$")
_DIRECTIVE = re.compile(r"\.\.\s+(?:\|[^|]+\|\s+)?([\w:.+-]+?)::(?:\s+(.*))?$")
_FIELD = re.compile(r":([^:`\n]+):(?:\s+(.*))?$")
_BULLET = re.compile(r"(?:[-*+•]|#\.|\(?(?:\d+|[A-Za-z])[.)])\s+\S")
_TABLE = re.compile(r"\+[-=+]{3,}\+\s*$|={2,}(?:\s+={2,})+\s*$")

_CODE = {
    "code",
    "code-block",
    "sourcecode",
    "literalinclude",
    "parsed-literal",
    "doctest",
    "testcode",
    "math",
}
_TABLES = {"list-table", "csv-table", "table"}
_SILENT = {
    *("toctree", "contents", "image", "raw", "include", "index", "meta", "highlight", "default-role", "role"),
    *("currentmodule", "module", "only", "tabularcolumns", "sectnum", "replace", "unicode", "autosummary"),
    *("automodule", "autoclass", "autofunction", "automethod", "autoattribute", "autodata", "autoexception"),
}
"""Directives that hold nothing that a reader reads: settings, pictures, lists of links."""


def parse(text: str) -> Content:
    scanner = _Scanner(text)
    scanner.scan()
    return Content(text=text, blocks=scanner.blocks, metadata=scanner.fields)


class _Scanner:
    """Goes once through the lines; `at` is the line that is looked at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = line_starts(text)
        self.lines = text.split("\n")
        self.blocks: list[Block] = []
        self.fields: dict[str, Any] = {}
        self.adornments: list[str] = []
        self.at = 0

    def scan(self) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.at += 1
            elif not (self._section() or self._explicit() or self._docinfo()):
                self._text()

    def _line(self, number: int) -> str:
        return self.lines[number].rstrip() if number < len(self.lines) else ""

    def _section(self) -> bool:
        """A title with its adornment; levels are numbered in the order in which styles appear."""
        line, below, further = (self._line(self.at + offset) for offset in range(3))
        if _ADORNMENT.match(line) and below.strip() and further == line and len(line) >= len(below.strip()):
            style, title, height = f"{line[0]}{line[0]}", below.strip(), 3
        elif _is_underline(line, below):
            style, title, height = below[0], line.strip(), 2
        elif _ADORNMENT.match(line) and len(line) >= 4 and not below:
            self.at += 1  # a transition
            return True
        else:
            return False
        if style not in self.adornments:
            self.adornments.append(style)
        level = self.adornments.index(style) + 1
        self._add(self.at, self.at + height, "heading", level, _plain(title))
        self.at += height
        return True

    def _explicit(self) -> bool:
        """Directives with what is indented below them; comments, targets and the like carry nothing."""
        line = self.lines[self.at]
        indent = len(line) - len(line.lstrip())
        if not re.match(r"\.\.(\s|$)", line.strip()):
            return False
        end = self._indented_end(self.at + 1, indent)
        directive = _DIRECTIVE.match(line.strip())
        footnote = re.match(r"\.\.\s+\[[^\]]+\]\s+\S", line.strip())
        if directive:
            self._directive(directive[1].rpartition(":")[2], directive[2] or "", end)
        elif footnote:
            self._add(self.at, end, "paragraph")
        self.at = end
        return True

    def _directive(self, name: str, argument: str, end: int) -> None:
        body = self.at + 1
        while body < end and _FIELD.match(self.lines[body].strip()):
            body += 1
        if name in _SILENT:
            return
        if name in _CODE or name in _TABLES:
            self._add(body, end, "code" if name in _CODE else "table")
        else:
            self._add(self.at if argument else body, end, "paragraph")

    def _docinfo(self) -> bool:
        """`:key: value` lines ahead of everything else are the document's metadata."""
        match = _FIELD.match(self.lines[self.at])
        if match is None or any(block.kind != "heading" for block in self.blocks):
            return False
        self.fields[match[1].strip()] = (match[2] or "").strip()
        self.at = self._indented_end(self.at + 1, 0)
        return True

    def _text(self) -> None:
        """A run of lines up to a blank one; a literal block follows where it ends in `::`."""
        begin = self.at
        table = bool(_TABLE.match(self.lines[begin].strip()))
        simple_table = table and self.lines[begin].strip().startswith("=")
        while self.at < len(self.lines) and self.lines[self.at].strip():
            self.at += 1
            if not table and _is_underline(self._line(self.at), self._line(self.at + 1)):
                break
        if simple_table:
            self.at = self._simple_table_end(begin)
        is_list = bool(_BULLET.match(self.lines[begin].strip()))
        self._add(begin, self.at, "table" if table else "list" if is_list else "paragraph")
        if not table and self.lines[self.at - 1].rstrip().endswith("::"):
            last = self.lines[self.at - 1]
            end = self._indented_end(self.at, len(last) - len(last.lstrip()))
            self._add(self.at, end, "code")
            self.at = max(self.at, end)

    def _simple_table_end(self, begin: int) -> int:
        """Blank lines may stand inside a simple table: it ends at the last border before a gap."""
        border = self.lines[begin].strip()
        end, seen = begin + 1, 1
        for number in range(begin + 1, len(self.lines)):
            if self.lines[number].strip() == border:
                end, seen = number + 1, seen + 1
                if seen >= 2 and not self._line(number + 1):
                    return end
        return max(end, self.at)

    def _indented_end(self, number: int, indent: int) -> int:
        """The first line from `number` on that stands no further in than `indent`, blank lines before it left out."""
        end = number
        while number < len(self.lines):
            line = self.lines[number]
            if line.strip():
                if len(line) - len(line.lstrip()) <= indent:
                    break
                end = number + 1
            number += 1
        return end

    def _add(self, first: int, last: int, kind: BlockKind, level: int = 0, heading: str = "") -> None:
        if first >= last:
            return
        end_of_last = self.starts[last] if last < len(self.starts) else len(self.text)
        start, end = trimmed(self.text, self.starts[first], end_of_last)
        if has_words(self.text[start:end]):
            self.blocks.append(Block(start=start, end=end, kind=kind, level=level, heading=heading))


def _is_underline(title: str, line: str) -> bool:
    """Whether `line` underlines `title`: docutils, too, takes one that is a little short."""
    if not title.strip() or title[0].isspace() or _ADORNMENT.match(title) or not _ADORNMENT.match(line):
        return False
    return len(line) >= min(len(title.rstrip()), 4)


def _plain(title: str) -> str:
    """A title without roles, literal marks and emphasis."""
    title = re.sub(r":[\w:.+-]+:`([^`]*)`", r"`\1`", title)
    title = re.sub(r"`+([^`<]*?)\s*(?:<[^>]*>)?`+_{0,2}", r"\1", title)
    return " ".join(re.sub(r"\*{1,2}([^*]+)\*{1,2}", r"\1", title).replace("\\", "").split())
