"""Folders of tables for tests, and what reading them gives."""

import tracemalloc
from collections.abc import Iterable
from pathlib import Path

from idiolect.readers import Entry, Options, Parsed, read_documents
from idiolect.records import Document, RejectedDocument


def read(
    folder: Path, files: dict[str, str | bytes], options: Options | None = None
) -> tuple[dict[str, Document], dict[str, str]]:
    """Documents by id and reasons by path of a folder with these files."""
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    outcomes = list(read_documents(folder, options))
    documents = {found.document.id: found.document for found in outcomes if isinstance(found, Parsed)}
    for found in outcomes:
        if isinstance(found, Parsed):
            assert all(found.document.text[block.start : block.end].strip() for block in found.blocks)
    return documents, {one.path: one.reason for one in outcomes if isinstance(one, RejectedDocument)}


def categories(reasons: dict[str, str]) -> dict[str, str]:
    return {path: reason.partition(":")[0] for path, reason in reasons.items()}


def peak_megabytes(entries: Iterable[Entry]) -> float:
    tracemalloc.start()
    try:
        for _ in entries:
            pass
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
