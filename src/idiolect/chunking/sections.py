"""A document's sections: what stands below one heading, up to the next."""

import msgspec

from idiolect.readers.base import Block, Parsed, has_words

Path = tuple[str, ...]
"""Headings from the outermost in; the document's title is none of them."""


class Section(msgspec.Struct, frozen=True):
    path: Path
    blocks: list[Block]


def sections(parsed: Parsed) -> list[Section]:
    """The document's blocks in sections; a heading without text of its own opens the section after it.

    A first heading that is the document's title is left out: every chunk carries the title.
    """
    title, text = parsed.document.title, parsed.document.text
    blocks = [block for block in parsed.blocks if has_words(text[block.start : block.end])]
    if len(blocks) > 1 and blocks[0].kind == "heading" and _same(blocks[0].heading, title):
        blocks = blocks[1:]
    found: list[Section] = []
    outline: list[Block] = []
    headings: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            outline = [*(above for above in outline if above.level < block.level), block]
            headings.append(block)
        elif headings or not found:
            found.append(Section(_path(outline, title), [*headings, block]))
            headings = []
        else:
            found[-1].blocks.append(block)
    if headings and found:
        found[-1].blocks.extend(headings)
    elif headings:
        found.append(Section((), headings))
    return found


def _path(outline: list[Block], title: str) -> Path:
    path = tuple(block.heading for block in outline if block.heading)
    return path[1:] if path and _same(path[0], title) else path


def _same(heading: str, title: str) -> bool:
    return heading.casefold().split() == title.casefold().split()
