"""Markdown: CommonMark with tables and front matter; markdown-it says which lines are which block."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from idiolect.readers import front_matter
from idiolect.readers.base import Block, BlockKind, Content, has_words, line_starts, trimmed

_BLOCKS = MarkdownIt("commonmark").enable("table").disable("inline")
"""Only where blocks lie: parsing what is in the lines would take most of the time."""

_WORDS = MarkdownIt("commonmark", {"html": True})

_KINDS: dict[str, BlockKind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "blockquote_open": "paragraph",
    "html_block": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
}

_UNSEEN = re.compile(
    r"<!--.*?-->"
    r"|<(script|style)\b.*?</\1\s*>"
    r"|\{\{[<%].*?[%>]\}\}"  # Hugo's shortcodes
    r"|\{%.*?%\}"  # Liquid and Jinja tags
    r"|</?[A-Za-z][^<>]*>"
    r"|<\?.*?\?>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTES = re.compile(r"\s*\{:?\s*[#.][^{}]*\}\s*$")


def parse(text: str) -> Content:
    metadata, body = front_matter.split(text)
    title = metadata.get("title")
    return Content(
        text=text,
        blocks=_blocks(text, body),
        title="" if title is None or isinstance(title, (dict, list)) else str(title).strip(),
        metadata=metadata,
    )


def _blocks(text: str, body: int) -> list[Block]:
    blocks = []
    starts = line_starts(text[body:])
    for token in _BLOCKS.parse(text[body:]):
        kind = _KINDS.get(token.type)
        if token.level or kind is None or token.map is None:
            continue
        first, last = (body + starts[min(line, len(starts) - 1)] for line in token.map)
        start, end = trimmed(text, first, last)
        if not has_words(text[start:end] if kind == "code" else _UNSEEN.sub("", text[start:end])):
            continue
        if kind == "heading":
            words = _heading(text[start:end], token)
            blocks.append(Block(start=start, end=end, kind=kind, level=int(token.tag[1:]), heading=words))
        else:
            blocks.append(Block(start=start, end=end, kind=kind))
    return blocks


def _heading(source: str, token: Token) -> str:
    """The words of a heading: no marks, links, tags, shortcodes or `{#anchor}`."""
    marked = source.strip("# \t\n") if token.markup.startswith("#") else source.rpartition("\n")[0]
    marked = _ATTRIBUTES.sub("", _UNSEEN.sub("", marked))
    parts = []
    for inline in _WORDS.parseInline(marked)[0].children or []:
        if inline.type in ("text", "code_inline", "image"):
            parts.append(inline.content)
        elif inline.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return " ".join("".join(parts).split())
