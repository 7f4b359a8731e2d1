"""A PDF's lines to blocks: paragraphs, lists and code, told apart by where the lines stand."""

import re
from collections import Counter
from itertools import pairwise

from idiolect.readers.base import BlockKind
from idiolect.readers.pdf_lines import Line
from idiolect.readers.writer import Writer
from idiolect.records import Record

_BULLET = re.compile(r"[•‣◦▪●○■□–*\uf0a7\uf0b7]\s+(?=\S)")
_NUMBERED = re.compile(r"(?:-|\(?\d{1,2}[.)]|\(?[a-z][.)]|\[\d+\])\s+\S")
_SENTENCE_END = (".", "!", "?", ":", ";", ".”", '."', ".)", "。", "！", "？")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*$")

_WIDER_GAP = 1.3
"""Lines that stand so many times further apart than most are of two paragraphs."""

_INDENT = 0.8
"""What a line is set in or out by where that is meant, in sizes of type."""

_SHORT = 0.7
"""Share of a paragraph's width: a shorter line ends where its writer ended it."""

_WITHIN = 40
"""Lines of a paragraph by which its width is judged."""

_CODE_WIDTH = 0.6
"""How wide a letter of fixed width is, in sizes of type."""


_RUNS: dict[BlockKind, str] = {"list": "\n", "code": "\n\n"}
"""Groups that are one block with the like that follow, and what stands between them."""


class Group(Record, frozen=True):
    """The lines of one block, or of one item of a list."""

    kind: BlockKind
    level: int
    lines: list[Line]


def write_blocks(lines: list[Line], levels: list[int], writer: Writer) -> dict[int, int]:
    """Add the blocks; the result says where in the text each page's first words stand (page → offset)."""
    words = Counter(word for line in lines for word in _WORD.findall(line.text.casefold()))
    starts: dict[int, int] = {}
    groups = _groups(lines, levels)
    first = 0
    while first < len(groups):
        kind, end = groups[first].kind, first + 1
        while kind in _RUNS and end < len(groups) and groups[end].kind == kind:
            end += 1
        text, pages = _text(groups[first:end], words)
        before = len(writer.blocks)
        writer.add(kind, text, groups[first].level)
        for block in writer.blocks[before:]:
            for page, offset in pages.items():
                starts.setdefault(page, block.start + offset)
        first = end
    return starts


def _groups(lines: list[Line], levels: list[int]) -> list[Group]:
    spacing = _spacing(lines)
    groups: list[Group] = []
    for line, level in zip(lines, levels, strict=True):
        if groups and groups[-1].level == level and not _begins(line, groups[-1], spacing):
            groups[-1].lines.append(line)
        else:
            groups.append(Group(_kind(line, level), level, [line]))
    return groups


def _kind(line: Line, level: int) -> BlockKind:
    if level:
        return "heading"
    if line.fixed:
        return "code"
    return "list" if _is_item(line) else "paragraph"


def _is_item(line: Line) -> bool:
    return bool(_BULLET.match(line.text) or _NUMBERED.match(line.text))


def _spacing(lines: list[Line]) -> float:
    """The usual distance from line to line, in sizes of type."""
    gaps = Counter(
        round((above.base - below.base) / below.size, 1)
        for above, below in pairwise(lines)
        if above.page == below.page and 0 < above.base - below.base < 3 * below.size
    )
    return gaps.most_common(1)[0][0] if gaps else 1.2


def _begins(line: Line, group: Group, spacing: float) -> bool:
    """Whether the line, of the group's level, is the first of a block of its own."""
    last = group.lines[-1]
    if line.fixed != last.fixed or abs(line.size - last.size) > 0.15 * last.size:
        return True
    drop = (last.base - line.base) / (line.size or 1)
    if line.page != last.page or drop < -0.5:
        return line.fixed or bool(group.level) or not _goes_on(last, line)
    if drop > _WIDER_GAP * spacing:
        return True
    if line.fixed or group.level or last.hyphen:
        return False
    return _is_item(line) or _is_set_off(line, group)


def _goes_on(last: Line, line: Line) -> bool:
    """Whether a sentence runs over the end of a page or column."""
    return last.hyphen or (not last.text.endswith(_SENTENCE_END) and line.text[:1].islower())


def _is_set_off(line: Line, group: Group) -> bool:
    """A new paragraph after a sentence: the line is set in or out, or the last one stopped short."""
    last = group.lines[-1]
    if not last.text.endswith(_SENTENCE_END):
        return False
    margin = _INDENT * line.size
    here = [other for other in group.lines[-_WITHIN:] if other.page == last.page]
    left = min(other.left for other in here)
    if group.kind == "list":
        return line.left < left + (margin if len(here) > 1 else -margin)
    if line.left > last.left + margin or line.left < left - margin:
        return True
    return len(here) > 1 and _is_short(last, here)


def _is_short(line: Line, lines: list[Line]) -> bool:
    left = min(other.left for other in lines)
    return line.right - left < _SHORT * (max(other.right for other in lines) - left)


def _text(groups: list[Group], words: Counter[str]) -> tuple[str, dict[int, int]]:
    """A block's text, and where in it the first line of each page stands."""
    parts: list[str] = []
    length = 0
    pages: dict[int, int] = {}
    margin = min(line.left for group in groups for line in group.lines)
    for group in groups:
        for index, line in enumerate(group.lines):
            glue = _glue(group, index, words) if index else _RUNS[group.kind] if parts else ""
            shown = _shown(line, group.kind, margin, first=index == 0)
            pages.setdefault(line.page, length + len(glue))
            parts += [glue, shown]
            length += len(glue) + len(shown)
    return "".join(parts), pages


def _shown(line: Line, kind: BlockKind, margin: float, first: bool) -> str:
    if kind == "code":
        return " " * round((line.left - margin) / (_CODE_WIDTH * line.size or 1)) + line.text
    return _BULLET.sub("- ", line.text, count=1) if kind == "list" and first else line.text


def _glue(group: Group, index: int, words: Counter[str]) -> str:
    """What stands between a line and the one before it."""
    last, line = group.lines[index - 1], group.lines[index]
    if group.kind == "code":
        return "\n"
    if last.hyphen:
        return _hyphen(last.text, line.text, words)
    below = last.page == line.page and last.base - line.base > 0.5 * line.size
    return (
        "\n"
        if below
        and group.kind != "heading"
        and _is_short(last, group.lines[max(0, index - _WITHIN) : index + _WITHIN])
        else " "
    )


def _hyphen(above: str, below: str, words: Counter[str]) -> str:
    """The hyphen between two lines, "" where it only divides a word: as it is written elsewhere."""
    head, tail = _LAST_WORD.search(above.casefold()), _WORD.match(below.casefold())
    if head is None or tail is None or not below[0].islower():
        return "-"
    return "-" if words[f"{head[0]}-{tail[0]}"] > words[head[0] + tail[0]] else ""
