"""Source code: one document a file, a section for each definition; what programs wrote is left out."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tree_sitter import Language, Parser

from idiolect.errors import InputError
from idiolect.readers.base import Content, Entry, Options
from idiolect.readers.code_outline import outline
from idiolect.readers.decoding import decode
from idiolect.readers.formats import suffix_of
from idiolect.readers.grammars import GRAMMARS, Grammar

LONGEST_MEAN_LINE = 300
"""Characters a line on average, above which no person wrote it."""

_HEADER_LINES = 15
_COMMENT_LINE = re.compile(r"\s*(?://|/?\*|#|<!--)")
_GENERATED = re.compile(
    r"@generated\b|<auto-?generated"
    r"|\bgenerated\b.{0,200}\bdo(?:\s+not|n't)\s+(?:edit|modify|change)"
    r"|\bdo(?:\s+not|n't)\s+(?:edit|modify|change)\b.{0,200}\bgenerated"
    r"|\b(?:automatically|auto-?)\s*generated\s+(?:by|from|file)",
    re.IGNORECASE | re.DOTALL,
)


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the file as one document, titled by its name.

    Raises InputError where it is no text, or minified or generated, and OSError.
    """
    text = decode(file.read_bytes(), declared=True)
    refuse_generated(text)
    yield Entry(content=parse(text, file.name, GRAMMARS[suffix_of(file)]))


def parse(text: str, title: str, grammar: Grammar) -> Content:
    """The code with its definitions as sections; what cannot be parsed has none."""
    tree = _parser(grammar.language).parse(text.encode())
    blocks = outline(text, tree.root_node, grammar)
    return Content(text=text, blocks=blocks, title=title, metadata={"programming_language": grammar.name})


def refuse_generated(text: str) -> None:
    """Raise InputError, its message the reason, for code that no person wrote."""
    lines = [line for line in text.split("\n") if line.strip()]
    mean = len(text) / max(len(lines), 1)
    if mean > LONGEST_MEAN_LINE:
        raise InputError(f"generated: lines of {mean:,.0f} characters on average")
    header = "\n".join(line for line in lines[:_HEADER_LINES] if _COMMENT_LINE.match(line))
    if _GENERATED.search(header):
        raise InputError("generated: its header says so")


@cache
def _parser(language: Callable[[], object]) -> Parser:
    return Parser(Language(language()))
