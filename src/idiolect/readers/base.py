"""What a reader makes of a file: text, and the blocks that structure it."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from idiolect.records import Document, Record

BlockKind = Literal["heading", "paragraph", "list", "table", "code"]


class Block(Record, frozen=True, kw_only=True):
    """A stretch of a document's text, `text[start:end]`, in characters.

    Blocks are in text order and do not overlap; what none covers (front matter, comments,
    blank lines between) is never the start or end of a chunk.  `level` (1 is the topmost)
    and `heading` (its words without markup) are a heading's alone.
    """

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    heading: str = ""


class Content(Record, frozen=True, kw_only=True):
    """One file as its format's reader sees it; `title` is "" where the format states none."""

    text: str
    blocks: list[Block]
    title: str = ""
    metadata: dict[str, Any] = {}


class Entry(Record, frozen=True, kw_only=True):
    """One document that a file holds, or the reason why there is none.

    `place` says where in the file it stands, as in ":12" or "#Sheet1:3", "" for the whole file;
    `id` is the document's own, "" where path and place are it.
    """

    content: Content | None = None
    reason: str = ""
    place: str = ""
    id: str = ""


class Options(Record, frozen=True, kw_only=True):
    """What a reader may be told: the columns of tables, and the size of the largest document in bytes."""

    text_columns: tuple[str, ...] = ()
    title_column: str = ""
    id_column: str = ""
    largest: int = 100_000_000


class Parsed(Record, frozen=True, kw_only=True):
    """A document and the blocks of its text."""

    document: Document
    blocks: list[Block]


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit, in any script."""
    return any(character.isalnum() for character in text)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without blank lines before it and white space after it; its indentation stays."""
    stretch = text[start:end].rstrip()
    blank = len(stretch) - len(stretch.lstrip())
    first_line = stretch.rfind("\n", 0, blank) + 1
    return start + first_line, start + len(stretch)


def line_starts(text: str) -> list[int]:
    """Where each line begins, and the text's length as the last item."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return [*starts, len(text)]


_PARAGRAPH = re.compile(r"^[^\S\n]*\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*", re.MULTILINE)


def paragraphs(text: str) -> Iterator[Block]:
    """The stretches between blank lines, as paragraph blocks; those without words are left out."""
    for match in _PARAGRAPH.finditer(text):
        if has_words(match[0]):
            start, end = trimmed(text, match.start(), match.end())
            yield Block(start=start, end=end, kind="paragraph")


def huge(size: int, largest: int) -> str:
    """The reason for setting aside what is larger than `ingest.largest_mb`."""
    return f"huge: {size / 1e6:,.1f} MB, more than ingest.largest_mb = {largest / 1e6:g}"
