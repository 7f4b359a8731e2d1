"""Which suffix is read by what: a format's library is imported when its first file is met."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

from idiolect.errors import InputError
from idiolect.readers.base import Content, Entry, Options
from idiolect.records import Record

Kind = Literal["text", "file", "corpus"]


class Format(Record, frozen=True):
    """One format: the module in this room that reads it.

    A "text" module has `parse(text) -> Content`, a "file" or "corpus" module
    `read(file, options) -> Iterator[Entry]`, where a corpus holds many documents.  `declaring`:
    the file names its encoding inside.  `extra`: what installs the library that it needs.
    """

    module: str
    kind: Kind
    extra: str = ""
    declaring: bool = False


_TEXT = Format("text", "text")
_MARKDOWN = Format("markdown", "text")
_HTML = Format("html", "text", declaring=True)
_CODE = Format("code", "file", extra="documents")

FORMATS: dict[str, Format] = {
    ".txt": _TEXT,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".rst": Format("rst", "text"),
    ".html": _HTML,
    ".htm": _HTML,
    ".pdf": Format("pdf", "file", extra="documents"),
    ".docx": Format("docx", "file", extra="documents"),
    ".pptx": Format("pptx", "file", extra="documents"),
    ".epub": Format("epub", "file"),
    ".eml": Format("mail", "file"),
    ".jsonl": Format("jsonl", "corpus"),
    ".jsonl.gz": Format("jsonl_gz", "corpus"),
    ".csv": Format("delimited", "corpus"),
    ".tsv": Format("delimited", "corpus"),
    ".xlsx": Format("xlsx", "corpus", extra="documents"),
    ".parquet": Format("parquet", "corpus", extra="documents"),
    ".ipynb": Format("notebook", "file"),
    ".py": _CODE,
    ".js": _CODE,
    ".mjs": _CODE,
    ".jsx": _CODE,
    ".ts": _CODE,
    ".tsx": _CODE,
    ".java": _CODE,
    ".go": _CODE,
    ".rs": _CODE,
    ".c": _CODE,
    ".h": _CODE,
    ".cpp": _CODE,
    ".cc": _CODE,
    ".hpp": _CODE,
    ".cs": _CODE,
}

SUFFIXES = tuple(FORMATS)


def suffix_of(file: Path) -> str:
    """The suffix that decides how a file is read, in lower case: two of them where that names a format."""
    double = "".join(file.suffixes[-2:]).lower()
    return double if double in FORMATS else file.suffix.lower()


def parser(form: Format) -> Callable[[str], Content]:
    function: Callable[[str], Content] = _module(form).parse
    return function


def reader(form: Format) -> Callable[[Path, Options], Iterator[Entry]]:
    """Raises InputError, its message the reason, where the format's library is not installed."""
    function: Callable[[Path, Options], Iterator[Entry]] = _module(form).read
    return function


def _module(form: Format) -> ModuleType:
    try:
        return importlib.import_module(f"idiolect.readers.{form.module}")
    except ModuleNotFoundError as error:
        raise InputError(
            f"not installed: it needs the package {error.name!r}: pip install 'idiolect[{form.extra}]'"
        ) from None
