"""Which document a label means: it may give an id, a path with or without folders before it, or a chunk."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from idiolect.evaluation.labels import LabelledQuery
from idiolect.records import Chunk, Document, Record

UNKNOWN = "no such document"


class RejectedLabel(Record, frozen=True, kw_only=True):
    """A judgment that cannot be used; `document` is as the labels call it, "" where all of a query's are gone."""

    query_id: str
    query: str
    document: str
    reason: str


class DocumentNames:
    """Names → document ids: exact ones first, then under the folder that labels put before paths, then ends."""

    def __init__(self, documents: Iterable[Document], chunks: Iterable[Chunk]) -> None:
        self.exact: dict[str, str] = {}
        self.ends: dict[str, set[str]] = {}
        self.folder = ""
        paths = []
        for document in documents:
            self.exact[_plain(document.id)] = document.id
            paths.append((_plain(document.path), document.id))
        for path, identifier in paths:
            self.exact.setdefault(path, identifier)
            parts = path.split("/")
            for start in range(1, len(parts)):
                self.ends.setdefault("/".join(parts[start:]), set()).add(identifier)
        for chunk in chunks:
            self.exact.setdefault(_plain(chunk.id), chunk.document_id)

    def learn_folder(self, names: Iterable[str]) -> None:
        """Find the one folder that stands before most of the labels' paths: DOCS, as its user wrote it.

        None is taken where more names are known as they stand, for a path that was mistyped
        would otherwise mean another document.
        """
        plain = {_plain(name) for name in names}
        exact = sum(name in self.exact for name in plain)
        folders = Counter(folder for name in plain if (folder := self._folder_before(name)))
        if folders:
            folder, count = min(folders.items(), key=lambda item: (-item[1], item[0]))
            self.folder = folder if count > exact else ""

    def find(self, name: str) -> tuple[str, str]:
        """The document's id and "", or "" and why there is none."""
        plain = _plain(name)
        if plain in self.exact:
            return self.exact[plain], ""
        if self.folder and plain.startswith(self.folder) and plain[len(self.folder) :] in self.exact:
            return self.exact[plain[len(self.folder) :]], ""
        found = self.ends.get(plain, set())
        if len(found) == 1:
            return next(iter(found)), ""
        return "", f"{len(found)} documents are called so" if found else UNKNOWN

    def _folder_before(self, name: str) -> str:
        """The shortest beginning of a path without which it is known, with its slash; "" if there is none."""
        parts = name.split("/")
        if name in self.exact:
            return ""
        for start in range(1, len(parts)):
            if "/".join(parts[start:]) in self.exact:
                return "/".join(parts[:start]) + "/"
        return ""


def resolve(
    queries: Sequence[LabelledQuery], names: DocumentNames
) -> tuple[list[LabelledQuery], list[RejectedLabel]]:
    """Queries with document ids in place of names, and what was left out.

    A judgment of an unknown document is left out, and with its last relevant one the query; of a
    document that is named twice the higher grade holds.
    """
    names.learn_folder(name for query in queries for name in query.judged)
    kept: list[LabelledQuery] = []
    rejected: list[RejectedLabel] = []
    for query in queries:
        judged: dict[str, int] = {}
        for name, grade in query.judged.items():
            document, reason = names.find(name)
            if document:
                judged[document] = max(grade, judged.get(document, grade))
            else:
                rejected.append(_rejected(query, name, reason))
        if not query.text:
            rejected.append(_rejected(query, "", "the query is empty"))
        elif not any(grade > 0 for grade in judged.values()):
            rejected.append(_rejected(query, "", "no document that answers it is known"))
        else:
            kept.append(LabelledQuery(id=query.id, text=query.text, judged=judged, style=query.style))
    return kept, rejected


def _rejected(query: LabelledQuery, document: str, reason: str) -> RejectedLabel:
    return RejectedLabel(query_id=query.id, query=query.text, document=document, reason=reason)


def _plain(name: str) -> str:
    """One spelling of a path: composed characters, forward slashes, no "./" before it."""
    text = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    while text.startswith("./"):
        text = text[2:]
    return text
