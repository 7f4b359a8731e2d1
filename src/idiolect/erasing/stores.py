"""Vector stores without what goes: those that were given, and those that lineage knows to hold it."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from idiolect.erasing.gone import Rules
from idiolect.erasing.needles import encoded
from idiolect.errors import IdiolectError, PrivacyError
from idiolect.files import recover
from idiolect.index.building import plain
from idiolect.index.store import Store, absolute, shown
from idiolect.index.stores.opening import open_store
from idiolect.lifecycle.lineage.explaining import Touched

_PIECE = 1024

_LAST = 2**31 - 1
"""The highest position that every kind of store can be asked for."""


def chosen(given: Sequence[str], touched: Iterable[Touched], left: Collection[str]) -> list[str]:
    """The URIs to erase from: those given, and those known to hold the documents, but for those that are `left`.

    Raises PrivacyError for one that holds them and is not there, or cannot be opened as lineage knows it: without
    its password.
    """
    uris = [absolute(uri) for uri in given]
    named = {shown(absolute(uri)) for uri in (*given, *left)}
    known = {one.artefact.name for one in touched if one.artefact.kind == "index"}
    uris += sorted(known - named)
    for uri in uris:
        folder = _folder(uri)
        if folder is not None and not folder.exists():
            raise PrivacyError(
                f"the store {shown(uri)} holds the document and is not there: where it was moved, name the new place "
                f"with --store too; in any case --leave {shown(uri)}"
            )
        try:
            open_store(uri).indexed()
        except IdiolectError as error:
            raise PrivacyError(
                f"the store {shown(uri)} holds the document and cannot be opened ({error}): give its whole URI with "
                "--store, or --leave it and erase there later"
            ) from None
    return uris


def held(uri: str, documents: Iterable[str]) -> int:
    """How many rows of these documents are read there."""
    store = _opened(uri)
    if store.indexed() is None:
        return 0
    reader = store.read()
    return sum(len(reader.around(plain(one), 0, _LAST)) for one in documents)


def expunge(uri: str, documents: Iterable[str]) -> str:
    """What of the documents' rows may stay in the store's files for a while all the same, in words."""
    return _opened(uri).expunge({plain(one) for one in documents})


def trace(uri: str, rules: Rules) -> str:
    """The id of a row that still tells of what goes, read as search reads it; empty where there is none."""
    store = _opened(uri)
    if store.indexed() is None:
        return ""
    reader = store.read()
    rows = reader.sample(reader.indexed.chunks)
    for start in range(0, len(rows), _PIECE):
        for one in reader.entries(rows[start : start + _PIECE]):
            if one.document_id in rules.documents:
                return one.id
            if rules.finder.finds(encoded("\0".join([one.id, one.path, one.title, one.text, *one.tags]))):
                return one.id
    return ""


def files(uri: str) -> Iterator[Path]:
    """The files of a store that lies in a folder here."""
    folder = _folder(uri)
    if folder is not None and folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _folder(uri: str) -> Path | None:
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return Path(uri)
    return Path(re.sub("#.*", "", rest)) if scheme == "qdrant" and rest.startswith("/") else None


def _opened(uri: str) -> Store:
    """After what a killed erasure left beside a folder was put right."""
    folder = _folder(uri)
    if folder is not None:
        recover(folder.absolute().parent, folder.name)
    return open_store(uri)
