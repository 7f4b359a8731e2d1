"""PDF with a text layer: what stands on the pages, without running heads; scanned pages are told of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
from pypdfium2 import PdfiumError, raw

from idiolect.errors import InputError
from idiolect.readers.base import Content, Entry, Options
from idiolect.readers.pdf_blocks import write_blocks
from idiolect.readers.pdf_headings import Bookmark, heading_levels
from idiolect.readers.pdf_lines import Line, lines_of, says_something, without_running
from idiolect.readers.titles import worth_showing
from idiolect.readers.writer import Writer, visible

_TOLD = {"Author": "author", "Subject": "subject", "Keywords": "keywords", "CreationDate": "created"}

_PICTURES = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM)
_LINES_BESIDE_A_PICTURE = 6
"""A scanned page may have a stamp, a header and a number that are text."""

_TAIL = 4096
"""Bytes at the end in which a whole file says where its table of objects is."""


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the file's one document.

    Its metadata holds `pages`, the offset in the text at which each page begins, and
    `pages_without_text`, the numbers (from 1) of pages that are images.
    Raises OSError, and InputError for an encrypted or broken file and one without any text.
    """
    document = _opened(file.read_bytes())
    try:
        yield Entry(content=_content(document))
    except PdfiumError as error:
        raise InputError(f"corrupt: {error}") from None
    finally:
        document.close()


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    """PDFium opens what is left of a truncated file too, with blank pages in place of those that are lost."""
    try:
        document = pypdfium2.PdfDocument(data)
    except PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise InputError("password: the file is encrypted") from None
        raise InputError(f"corrupt: no PDF that can be opened: {error}") from None
    if b"startxref" in data[-_TAIL:] and len(document):
        return document
    document.close()
    raise InputError("corrupt: the file breaks off, or holds no pages")


def _content(document: pypdfium2.PdfDocument) -> Content:
    pages: list[list[Line]] = []
    pictures: set[int] = set()
    for number in range(len(document)):
        lines, is_picture = _page(document, number)
        pages.append(lines)
        pictures |= {number} if is_picture else set()
    pages = without_running(pages, pictures)
    images = [number + 1 for number in sorted(pictures) if not says_something(pages[number])]
    if images and not any(says_something(lines) for lines in pages):
        raise InputError(f"no text layer: {len(images)} pages are images")
    lines = [line for page in pages for line in page]
    writer = Writer()
    starts = write_blocks(lines, heading_levels(lines, _outline(document)), writer)
    told = document.get_metadata_dict()
    metadata: dict[str, Any] = {name: visible(told.get(key, "")) for key, name in _TOLD.items()}
    metadata |= {"pages": _offsets(starts, len(pages), writer.length), "pages_without_text": images}
    return writer.content(worth_showing(told.get("Title", "")), metadata)


def _page(document: pypdfium2.PdfDocument, number: int) -> tuple[list[Line], bool]:
    """The page's lines, and whether it shows a picture and hardly more."""
    page = document.get_page(number)
    try:
        lines = lines_of(page, number)
        return lines, len(lines) <= _LINES_BESIDE_A_PICTURE and _has_picture(page, bool(lines))
    finally:
        page.close()


def _has_picture(page: pypdfium2.PdfPage, has_lines: bool) -> bool:
    """Without any line, whatever is drawn is a picture: text may be drawn as curves."""
    drawn = (raw.FPDFPage_GetObject(page.raw, index) for index in range(raw.FPDFPage_CountObjects(page.raw)))
    return any(not has_lines or raw.FPDFPageObj_GetType(one) in _PICTURES for one in drawn)


def _outline(document: pypdfium2.PdfDocument) -> list[Bookmark]:
    bookmarks = []
    for entry in document.get_toc():
        target = entry.get_dest()
        page = target.get_index() if target is not None else None
        if page is not None:
            bookmarks.append(Bookmark(entry.get_title(), entry.level + 1, page))
    return bookmarks


def _offsets(starts: dict[int, int], count: int, end: int) -> list[int]:
    """Where each page begins; one without text begins where the next one does."""
    offsets = []
    for page in reversed(range(count)):
        end = min(end, starts.get(page, end))
        offsets.append(end)
    return offsets[::-1]
