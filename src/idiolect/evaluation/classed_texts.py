"""Texts with a class each, as people keep them: a folder of folders, or a table with a column of labels."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.errors import InputError
from idiolect.files import read_jsonl
from idiolect.readers import read_documents
from idiolect.readers.base import Parsed
from idiolect.readers.decoding import decode
from idiolect.readers.delimited import dialect_of
from idiolect.readers.rows import TEXT, cell_text

LABEL = ("label", "class", "category", "topic")
"""What a column of labels is called where none is named; of text, the names that `ingest` knows."""

_LINES = (".jsonl", ".ndjson")
_SAMPLE = 65_536


@dataclass(frozen=True)
class ClassedTexts:
    """`texts` and, in the same order, the class of each; `left_out`: files and rows without either."""

    name: str
    texts: list[str]
    classes: list[str]
    left_out: int = 0


def read_classed(path: Path, text_column: str = "", label_column: str = "") -> ClassedTexts:
    """The texts of a folder whose folders are the classes, or of a CSV, TSV or JSONL file.

    Raises InputError where `path` is neither, a column is missing, or fewer than two classes
    have two texts.
    """
    if path.is_dir():
        rows = list(_from_folders(path))
    elif path.is_file():
        rows = list(_from_table(path, text_column, label_column))
    else:
        raise InputError(f"{path} does not exist: give a folder of folders, a CSV, TSV or JSONL file")
    held = [(text, label) for text, label in rows if text.strip() and label]
    counts = Counter(label for _, label in held)
    if sum(count > 1 for count in counts.values()) < 2:
        raise InputError(
            f"{path} holds {len(held)} texts of {len(counts)} classes: at least two classes of two texts "
            "are needed"
        )
    return ClassedTexts(
        path.name, [text for text, _ in held], [label for _, label in held], len(rows) - len(held)
    )


def _from_folders(path: Path) -> Iterator[tuple[str, str]]:
    """Each document that `ingest` reads, with the name of the folder that it lies in; rejected ones empty."""
    folders = sorted(
        folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith(".")
    )
    if not folders:
        raise InputError(f"{path} holds no folder: the classes are the folders that the documents lie in")
    for folder in folders:
        if not any(file.is_file() for file in folder.rglob("*")):
            continue
        for found in read_documents(folder):
            yield found.document.text if isinstance(found, Parsed) else "", folder.name


def _from_table(path: Path, text_column: str, label_column: str) -> Iterator[tuple[str, str]]:
    rows: Iterable[dict[str, Any]]
    if path.suffix.lower() in _LINES:
        rows = read_jsonl(path, dict[str, Any])
    else:
        try:
            text = decode(path.read_bytes())
        except InputError as error:
            raise InputError(f"{path} is {error}") from None
        delimiter = dialect_of(text[:_SAMPLE]).delimiter
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from _columns(path, rows, text_column, label_column)
    except csv.Error as error:
        raise InputError(f"{path}: {error}; are its quotes doubled?") from None


def _columns(
    path: Path, rows: Iterable[dict[str, Any]], text_column: str, label_column: str
) -> Iterator[tuple[str, str]]:
    text = label = ""
    for number, row in enumerate(rows):
        if not number:
            names = [name for name in row if name is not None]
            label = _named(path, names, label_column, LABEL, "label")
            text = _named(path, [name for name in names if name != label], text_column, TEXT, "text")
        yield cell_text(row.get(text)), " ".join(cell_text(row.get(label)).split())


def _named(path: Path, names: Sequence[str], wanted: str, usual: Sequence[str], what: str) -> str:
    """The column that is wanted, else the first of the usual names."""
    folded = {name.strip().casefold(): name for name in reversed(names)}
    for name in (wanted,) if wanted else usual:
        if name.casefold() in folded:
            return folded[name.casefold()]
    missing = f"no column {wanted!r}" if wanted else f"no column of {what}s"
    raise InputError(f"{path} has {missing}; it has {', '.join(names)}: name one with --{what}-column")
