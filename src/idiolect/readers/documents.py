"""Files to documents: decoded, parsed, named, titled, and their language told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idiolect.errors import InputError
from idiolect.files import digest_text
from idiolect.readers import jsonl
from idiolect.readers.base import Content, Parsed
from idiolect.readers.decoding import decode
from idiolect.readers.formats import CORPORA, DECLARING, PARSERS
from idiolect.readers.language import detect
from idiolect.readers.naming import document_id, printable, relative_path, title_from
from idiolect.readers.scan import Scan, scan
from idiolect.records import Document, RejectedDocument


def read_documents(source: Path | Scan) -> Iterator[Parsed | RejectedDocument]:
    """Every document under `source`, in the order of paths and lines; or why there is none.

    Raises InputError where `source` is missing, or a file of a kind that is not read.
    """
    found = scan(source) if isinstance(source, Path) else source
    yield from found.unreadable
    seen: dict[str, str] = {}
    for file in found.files:
        path = relative_path(file, found.root)
        for place, outcome in _read(file, path):
            if isinstance(outcome, str):
                yield RejectedDocument(path=place, reason=outcome)
            elif outcome.document.id in seen:
                reason = f"duplicate id: {outcome.document.id!r} is that of {seen[outcome.document.id]} too"
                yield RejectedDocument(path=place, reason=reason)
            else:
                seen[outcome.document.id] = place
                yield outcome


def _read(file: Path, path: str) -> Iterator[tuple[str, Parsed | str]]:
    """Where each document stands (a corpus: `file:line`), with the document or the reason for none."""
    shown = printable(path)
    if not file.is_file():
        yield shown, "unreadable: no regular file, or a link to nowhere"
        return
    try:
        if file.suffix.lower() in CORPORA:
            for line in jsonl.read(file):
                outcome = line.reason if line.content is None else _parsed(line.id, shown, "", line.content)
                yield f"{shown}:{line.number}", outcome
        else:
            yield shown, _single(file, path, shown)
    except OSError as error:
        yield shown, f"unreadable: {error.strerror}"


def _single(file: Path, path: str, shown: str) -> Parsed | str:
    suffix = file.suffix.lower()
    try:
        text = decode(file.read_bytes(), declared=suffix in DECLARING)
    except InputError as error:
        return str(error)
    if not text.strip():
        return "empty"
    content = PARSERS[suffix](text)
    if not content.blocks:
        return "no text: it holds no words besides markup and metadata"
    return _parsed(document_id(path), shown, title_from(path), content)


def _parsed(identifier: str, path: str, fallback: str, content: Content) -> Parsed:
    """The document: titled as it says, else by its first topmost heading, else by `fallback`."""
    first = next((block.heading for block in content.blocks if block.level == 1 and block.heading), "")
    document = Document(
        id=identifier,
        path=path,
        title=content.title or first or fallback,
        text=content.text,
        sha256=digest_text(content.text),
        language=detect(content.text, content.blocks),
        licence=_licence(content.metadata),
        metadata=content.metadata,
    )
    return Parsed(document=document, blocks=content.blocks)


def _licence(metadata: dict[str, Any]) -> str:
    for key, value in metadata.items():
        if key.lower() in ("licence", "license") and isinstance(value, (str, int, float)):
            return str(value)
    return ""
