"""The body of a Word document, element by element, as blocks of text."""

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

from idiolect.readers.docx_styles import Role, Styles
from idiolect.readers.writer import Writer, squeezed, table_rows

_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_TEXTS = {qn("w:t"), qn("m:t")}
_SIGNS = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_TEXT_BOX = qn("w:txbxContent")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""The same text box or drawing once more, for older programs."""

_UNREAD = {
    *(qn("w:pPr"), qn("w:rPr"), qn("w:tcPr"), qn("w:sdtPr"), qn("w:sectPr")),
    *(qn("w:del"), qn("w:moveFrom"), _TEXT_BOX, _FALLBACK),
}
_NOTE_MARKS = {qn("w:footnoteReference"): "footnote", qn("w:endnoteReference"): "endnote"}

Notes = dict[tuple[str, str], str]
"""Texts of footnotes and endnotes by kind and id."""


class Body:
    """Walks through the document; items of a list, and lines of code, wait until their block is whole."""

    def __init__(self, styles: Styles, notes: Notes, writer: Writer) -> None:
        self.title = ""
        self._styles = styles
        self._notes = notes
        self._writer = writer
        self._items: list[str] = []
        self._code: list[str] = []
        self._due: list[str] = []

    def write(self, container: Any) -> None:
        """Add the blocks of everything in the container."""
        self._walk(container)
        self._end_block()

    def _walk(self, container: Any) -> None:
        for element in container.iterchildren("*"):
            if element.tag == _PARAGRAPH:
                self._paragraph(element)
            elif element.tag == _TABLE:
                self._table(element)
            elif element.tag not in _UNREAD:
                self._walk(element)

    def _paragraph(self, paragraph: Any) -> None:
        role = self._styles.role(paragraph)
        text = "" if role.is_contents else words(paragraph)
        if role.is_title:
            self.title = self.title or squeezed(text)
        if text.strip() or role.is_code:
            self._put(text, role)
        self._remember_notes(paragraph)
        for box in _text_boxes(paragraph):
            self._end_block()
            self._walk(box)

    def _put(self, text: str, role: Role) -> None:
        if role.is_code and not role.level:
            self._end_block(but=self._code)
            self._code.append(text)
        elif role.depth and not role.level:
            self._end_block(but=self._items)
            self._items.append(f"{'  ' * (role.depth - 1)}- {text.strip()}")
        else:
            self._end_block()
            self._writer.add("heading" if role.level else "paragraph", text.strip(), role.level)

    def _table(self, table: Any) -> None:
        """A table of one cell, or with headings in its cells, only lays out what is in them."""
        self._end_block()
        rows = [list(_within(row, _CELL)) for row in _within(table, _ROW)]
        is_layout = sum(map(len, rows)) == 1 or any(
            self._styles.role(paragraph).level for paragraph in table.iter(_PARAGRAPH)
        )
        if is_layout:
            for row in rows:
                for cell in row:
                    self._walk(cell)
        else:
            self._writer.add("table", table_rows([[_cell(cell) for cell in row] for row in rows]))
            self._remember_notes(table)

    def _remember_notes(self, element: Any) -> None:
        for mark in element.iter(*_NOTE_MARKS):
            self._due.append(self._notes.get((_NOTE_MARKS[mark.tag], mark.get(qn("w:id"))), ""))

    def _end_block(self, but: list[str] | None = None) -> None:
        """Put down what waits, `but` what goes on; notes follow the block that refers to them."""
        if self._items and but is not self._items:
            self._writer.add("list", "\n".join(self._items))
            self._items = []
        if self._code and but is not self._code:
            self._writer.add("code", "\n".join(self._code))
            self._code = []
        if not self._items and not self._code:
            for note in self._due:
                self._writer.add("paragraph", note)
            self._due = []


def words(element: Any) -> str:
    """The text that is seen in the element, without deletions, hidden runs, text boxes and fields' codes."""
    parts: list[str] = []
    stack = list(element.iterchildren("*"))[::-1]
    while stack:
        one = stack.pop()
        if one.tag in _TEXTS:
            parts.append(one.text or "")
        elif one.tag in _SIGNS:
            parts.append(_SIGNS[one.tag])
        elif one.tag not in _UNREAD and not _is_hidden(one):
            stack += list(one.iterchildren("*"))[::-1]
            if one.tag == _PARAGRAPH:
                parts.append("\n")
    return "".join(parts)


def _is_hidden(element: Any) -> bool:
    vanish = element.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return vanish is not None and vanish.get(qn("w:val")) not in ("0", "false")


def _text_boxes(paragraph: Any) -> Iterator[Any]:
    for box in paragraph.iter(_TEXT_BOX):
        around = {ancestor.tag for ancestor in box.iterancestors()}
        if _FALLBACK not in around and _TEXT_BOX not in around:
            yield box


def _within(container: Any, tag: str) -> Iterator[Any]:
    """The rows of a table, or the cells of a row, wrapped in controls or not; none of tables inside."""
    for element in container.iterchildren("*"):
        if element.tag == tag:
            yield element
        elif element.tag not in _UNREAD and element.tag not in (_PARAGRAPH, _TABLE, _ROW, _CELL):
            yield from _within(element, tag)


def _cell(cell: Any) -> str:
    """A cell's words; a cell that goes on from the row above says nothing of its own."""
    merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return words(cell) if merged is None or merged.get(qn("w:val")) == "restart" else ""
