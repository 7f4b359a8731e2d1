"""licences.jsonl: the licence of every version of a document that was ever ingested, those set aside among them.

The lineage knows which model a document shaped, long after the document has gone from DOCS; this knows under
what licence it stood.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from idiolect.files import read_jsonl, write_jsonl
from idiolect.lifecycle.licences.detecting import ORIGIN
from idiolect.records import Document, Record


class Licensed(Record, frozen=True, kw_only=True):
    """One version of a document; `origin` says what stated its licence, an SPDX expression or ""."""

    document_id: str
    sha256: str
    path: str
    licence: str
    origin: str = ""

    @classmethod
    def of(cls, document: Document) -> "Licensed":
        return cls(
            document_id=document.id,
            sha256=document.sha256,
            path=document.path,
            licence=document.licence,
            origin=str(document.metadata.get(ORIGIN, "")),
        )


def remember(path: Path, documents: Iterable[Document]) -> None:
    """Put the documents of an ingest down; versions that are not among them keep what was said of them last."""
    write_jsonl(path, _with_earlier(path, documents))


def _with_earlier(path: Path, documents: Iterable[Document]) -> Iterator[Licensed]:
    present = set()
    for document in documents:
        present.add((document.id, document.sha256))
        yield Licensed.of(document)
    for one in read_jsonl(path, Licensed) if path.exists() else ():
        if (one.document_id, one.sha256) not in present:
            yield one


def recorded(history: Path, documents: Path) -> Iterator[Licensed]:
    """Every version that is known, or the present ones in a WORK that was made before there was a history."""
    if history.exists():
        yield from read_jsonl(history, Licensed)
    elif documents.exists():
        yield from map(Licensed.of, read_jsonl(documents, Document))
