"""The lines of a PDF's pages as PDFium lays them out, without what runs along the pages' edges."""

import ctypes
import re
from collections import Counter, defaultdict
from collections.abc import Container
from typing import Any

import pypdfium2
from pypdfium2 import raw

from idiolect.readers.base import has_words
from idiolect.readers.writer import squeezed, visible
from idiolect.records import Record

_EDGE_LINES = 3
_FEWEST_PAGES = 3
_FEWEST_COUNTED = 5
"""Pages on which something runs: a text that recurs, and no more than a number that counts."""

_SHARE_OF_PAGES = 0.4
"""A running head stands on this share of the pages from its first to its last: left and right ones differ.
A bare number need not: pages on which chapters begin often have theirs in another place."""

_SMALL = 1.1
"""Up to so many times the body's size, lines run even if numbers differ: a large "Step 1" is a heading."""

_FIXED_PITCH = 1
_FIXED_NAMES = re.compile(rb"mono|courier|consol|typewriter|menlo|cmtt|sltt|code", re.IGNORECASE)
_HYPHENS = {0x2, 0xFFFE, 0xAD}
"""What PDFium puts in place of a hyphen at a line's end; no line end follows it."""

_LINE_ENDS = {0xA, 0xD}
_LEADERS = re.compile(r"(?:(?:[.·…_]\s?){4,}|(?:\s\.){2,})\s*(?:\d+|[ivxlc]+)$")
"""A line in a table of contents."""


_Place = tuple[int, str | int]
_NUMBER = "#"


class Line(Record, frozen=True):
    """One line: `left`, `right` and `base` in points from the page's lower left, `size` as it is seen.

    `hyphen`: its last word goes on in the next line.  `fixed`: all letters are of one width, as in code.
    """

    page: int
    text: str
    left: float
    right: float
    base: float
    size: float
    fixed: bool = False
    hyphen: bool = False


def lines_of(page: pypdfium2.PdfPage, number: int) -> list[Line]:
    """The page's lines in the order in which they were written. Raises PdfiumError."""
    text_page = page.get_textpage()
    try:
        handle = text_page.raw
        codes = [raw.FPDFText_GetUnicode(handle, index) for index in range(text_page.count_chars())]
        return [line for run in _runs(codes) if (line := _line(handle, codes, run, number)) is not None]
    finally:
        text_page.close()


def _runs(codes: list[int]) -> list[range]:
    """The stretches of characters between line ends, a hyphen at the end with its line."""
    runs, start = [], 0
    for index, code in enumerate(codes):
        if code in _LINE_ENDS or code in _HYPHENS:
            runs.append(range(start, index + (code in _HYPHENS)))
            start = index + 1
    return [*runs, range(start, len(codes))]


def _line(handle: Any, codes: list[int], run: range, number: int) -> Line | None:
    seen = [index for index in run if codes[index] > 0x20 and codes[index] not in _HYPHENS]
    if not seen:
        return None
    shown = squeezed(visible(_decoded([codes[index] for index in run if codes[index]])))
    if not shown or _LEADERS.search(shown):
        return None
    left, base = _origin(handle, seen[0])
    sample = (seen[0], seen[len(seen) // 2], seen[-1])
    return Line(
        page=number,
        text=shown,
        left=left,
        right=_right(handle, seen[-1]),
        base=base,
        size=sorted(_size(handle, index) for index in sample)[1],
        fixed=all(_is_fixed(handle, index) for index in sample),
        hyphen=codes[run[-1]] in _HYPHENS,
    )


def _decoded(codes: list[int]) -> str:
    """Letters beyond U+FFFF may come as one code or as two halves."""
    text = "".join(chr(code) if code < 0x110000 else "�" for code in codes)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _origin(handle: Any, index: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(handle, index, x, y)
    return x.value, y.value


def _right(handle: Any, index: int) -> float:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(handle, index, left, right, bottom, top)
    return right.value


def _size(handle: Any, index: int) -> float:
    """The font's size times the scale at which it is drawn, to half a point."""
    matrix = raw.FS_MATRIX()
    drawn = raw.FPDFText_GetMatrix(handle, index, matrix)
    scale = (matrix.c**2 + matrix.d**2) ** 0.5 if drawn else 1.0
    return float(round(2 * raw.FPDFText_GetFontSize(handle, index) * scale)) / 2


def _is_fixed(handle: Any, index: int) -> bool:
    """As the font says of itself, or as it is called: TeX's say nothing."""
    flags, name = ctypes.c_int(), ctypes.create_string_buffer(80)
    raw.FPDFText_GetFontInfo(handle, index, name, len(name), flags)
    return bool(flags.value & _FIXED_PITCH) or bool(_FIXED_NAMES.search(name.value))


def body_size(lines: list[Line]) -> float:
    """The size that most characters have; 0 where there are none."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def without_running(pages: list[list[Line]], pictures: Container[int]) -> list[list[Line]]:
    """The pages without headers, footers and page numbers: lines at their top or bottom that recur there.

    A page that would say nothing then keeps them, unless it is one of the `pictures` (numbers from 0).
    """
    body = body_size([line for page in pages for line in page])
    recurring: dict[_Place, list[int]] = defaultdict(list)
    for page in pages:
        for line in _edges(page):
            for place in _places(line, body):
                recurring[place].append(line.page)
    running = {place for place, numbers in recurring.items() if _runs_on(place, sorted(set(numbers)))}
    kept = []
    for page in pages:
        dropped = {id(line) for line in _edges(page) if not running.isdisjoint(_places(line, body))}
        rest = [line for line in page if id(line) not in dropped]
        if not says_something(rest) and page and page[0].page not in pictures:
            rest = [line for line in page if not _is_number(line.text)]
        kept.append(rest)
    return kept


def _edges(page: list[Line]) -> list[Line]:
    """The uppermost and the lowermost lines: fewer of a page that has few."""
    by_height = sorted(page, key=lambda line: -line.base)
    count = min(_EDGE_LINES, (len(page) + 3) // 4)
    return by_height[:count] + by_height[max(count, len(page) - count) :]


def _places(line: Line, body: float) -> list[_Place]:
    """By what a running line is known: its height with its text, or with how its number follows the pages'.

    Numbers are levelled in small type alone.
    """
    text, height = line.text.casefold(), round(line.base)
    if line.size > _SMALL * body:
        return [(height, text)]
    if _is_number(text):
        return [(height, _NUMBER)]
    counted = [int(number) - line.page for number in re.findall(r"^\d{1,5}(?=\s)|\b\d{1,5}$", text)]
    return [(height, re.sub(r"\d+", "#", text)), *((height, ahead) for ahead in counted)]


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\W*(?:\d+|[ivxlc]+)\W*", text.casefold()))


def _runs_on(place: _Place, numbers: list[int]) -> bool:
    if place[1] == _NUMBER:
        return len(numbers) >= _FEWEST_PAGES
    fewest = _FEWEST_COUNTED if isinstance(place[1], int) else _FEWEST_PAGES
    return len(numbers) >= max(fewest, _SHARE_OF_PAGES * (numbers[-1] - numbers[0] + 1))


def says_something(page: list[Line]) -> bool:
    return any(has_words(line.text) for line in page)
