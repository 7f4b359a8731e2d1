"""Which suffix is read by what."""

from collections.abc import Callable

from idiolect.readers import html, markdown, rst, text
from idiolect.readers.base import Content

PARSERS: dict[str, Callable[[str], Content]] = {
    ".txt": text.parse,
    ".md": markdown.parse,
    ".markdown": markdown.parse,
    ".rst": rst.parse,
    ".html": html.parse,
    ".htm": html.parse,
}
"""Formats of one document a file: decoded text in, content out."""

CORPORA = (".jsonl",)
"""Formats of many documents a file."""

DECLARING = (".html", ".htm")
"""Formats that name their encoding inside."""

SUFFIXES = (*PARSERS, *CORPORA)
