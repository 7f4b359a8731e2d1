"""What queries are compared apart by, beside their style: FACETS, taken from the documents that answer them."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from idiolect.readers.formats import suffix_of
from idiolect.records import Document, Record


class Origins(Record, frozen=True):
    """Document id → its language, and where it comes from."""

    languages: dict[str, str]
    sources: dict[str, str]

    def facets(self, answers: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Language and source of queries; `answers`: query → the document that answers it."""
        known = {"language": self.languages, "source": self.sources}
        return {
            name: found
            for name, values in known.items()
            if (found := {query: value for query, id in answers.items() if (value := values.get(id))})
        }


def origins(documents: Iterable[Document]) -> Origins:
    """A document's source is its topmost folder, below those that all documents share, as "guide/".

    That of a document in no such folder is its kind of file, as ".md".
    """
    languages: dict[str, str] = {}
    paths: dict[str, PurePosixPath] = {}
    for document in documents:
        languages[document.id] = document.language
        paths[document.id] = PurePosixPath(document.path)
    shared = _shared_folders([path.parts[:-1] for path in paths.values()])
    return Origins(languages, {id: _source(path, shared) for id, path in paths.items()})


def _shared_folders(folders: list[tuple[str, ...]]) -> int:
    """How many folders, from the top, all paths begin with."""
    first, last = min(folders, default=()), max(folders, default=())
    return next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )


def _source(path: PurePosixPath, shared: int) -> str:
    folders = path.parts[shared:-1]
    return f"{folders[0]}/" if folders else suffix_of(Path(path.name))
