"""Which lines of a PDF are headings: those that its outline names, and those set in larger type."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from idiolect.readers.pdf_lines import Line, body_size
from idiolect.records import Record

_LARGER = 1.15
"""How many times the body's size a heading is at least."""

_LONGEST = 200
_FEWEST_LETTERS = 3
_DEEPEST = 6
_LINES_OF_A_HEADING = 3
_NUMBER = re.compile(
    r"^(?:(?:chapter|appendix|section|part)\s+)?(?:\d+|[a-z]|[ivxlc]+)?(?:[.:]?\d+)*[.:)]?\s+", re.IGNORECASE
)


class Bookmark(Record, frozen=True):
    """An entry of the outline: `level` (1 is the topmost), and the number of the page that it leads to."""

    title: str
    level: int
    page: int


def heading_levels(lines: list[Line], outline: Iterable[Bookmark]) -> list[int]:
    """Each line's level as a heading (1 is the topmost), 0 for other lines.

    A size of type that the outline does not name is one level below the next larger one.
    """
    levels = _levels_of_outline(lines, outline)
    body = body_size(lines)
    large = [line for line in lines if _is_large(line, body)]
    named: dict[float, Counter[int]] = defaultdict(Counter)
    for line, level in zip(lines, levels, strict=True):
        if level:
            named[line.size][level] += 1
    of_size: dict[float, int] = {}
    level = 0
    for size in sorted({line.size for line in large}, reverse=True):
        level = named[size].most_common(1)[0][0] if named[size] else min(level + 1, _DEEPEST)
        of_size[size] = level
    return [
        level or (of_size[line.size] if _is_large(line, body) else 0)
        for line, level in zip(lines, levels, strict=True)
    ]


def _is_large(line: Line, body: float) -> bool:
    if line.size < _LARGER * body or len(line.text) > _LONGEST:
        return False
    return sum(character.isalpha() for character in line.text) >= _FEWEST_LETTERS


def _levels_of_outline(lines: list[Line], outline: Iterable[Bookmark]) -> list[int]:
    """The levels of the lines that say what an entry of the outline says, on the page that it leads to."""
    on_page: dict[int, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        on_page[line.page].append(index)
    levels = [0] * len(lines)
    for bookmark in outline:
        sought = _said(bookmark.title)
        for index in on_page[bookmark.page]:
            height = _lines_that_say(sought, lines[index : index + _LINES_OF_A_HEADING]) if sought else 0
            if height and not levels[index]:
                levels[index : index + height] = [min(bookmark.level, _DEEPEST)] * height
                break
    return levels


def _lines_that_say(sought: str, lines: list[Line]) -> int:
    """How many of the lines, from the first, say it together; 0 where they say something else."""
    text = ""
    for height, line in enumerate(lines, 1):
        text = f"{text} {line.text}"
        if _said(text) == sought:
            return height
    return 0


def _said(text: str) -> str:
    """Letters and digits alone, without a number in front: outlines and headings differ in the rest."""
    text = text.strip()
    return re.sub(r"\W+", "", _NUMBER.sub("", text) or text).casefold()
