"""What people call a document → the documents that are erased with it, and those that share something with it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from idiolect.errors import PrivacyError, WorkspaceError
from idiolect.files import read_jsonl
from idiolect.lifecycle.erasure.suppression import normalised
from idiolect.lifecycle.lineage.naming import versions
from idiolect.lifecycle.lineage.store import opened
from idiolect.records import Document, Record, RejectedDocument
from idiolect.workspace import Workspace


class Resolved(Record, frozen=True, kw_only=True):
    """Ids that were asked for, those of their whole copies, and those that share chunks with either and stay.

    `names` are all ids and paths that tell of the first two, and `earlier` those that only lineage knows.
    `texts` are their texts.
    """

    asked: list[str]
    copies: list[str]
    sharing: list[str]
    names: list[str]
    texts: list[str]
    rejected: list[str] = []
    earlier: list[str] = []

    @property
    def documents(self) -> list[str]:
        return [*self.asked, *self.copies]


class _Chunk(Record, frozen=True):
    id: str
    document_id: str
    duplicate_of: str = ""


def resolve(work: Workspace, given: Sequence[str], also: bool = False) -> Resolved:
    """The documents that `given` names by id or path; `also` erases those that share chunks with them too.

    Raises PrivacyError, naming the nearest, for a name that nothing in WORK has, or that several documents share.
    """
    if not work.documents.is_file() and not work.lineage.is_file():
        raise WorkspaceError(f"{work.root} holds no documents: name the folder of a run with -w")
    paths: dict[str, list[str]] = defaultdict(list)
    texts: dict[str, list[str]] = defaultdict(list)
    for document in _documents(work):
        paths[document.path].append(document.id)
        texts[normalised(document.text)].append(document.id)
    ids = {one for named in paths.values() for one in named}
    set_aside = {one.path for one in _rejected(work)}
    asked, rejected, earlier = [], [], []
    for name in dict.fromkeys(given):
        if name in ids:
            asked.append(name)
        elif name in paths:
            asked.append(_only(name, paths[name]))
        elif name in set_aside:
            rejected.append(name)
        elif old := _earlier(work, name):
            earlier += old
        else:
            raise PrivacyError(
                f"{work.root} knows no document {name!r}{_nearest(name, [*ids, *paths, *set_aside])}"
            )
    whole = {one for same in texts.values() if not set(asked).isdisjoint(same) for one in same}
    copies, sharing = _related(work, {*asked, *whole})
    if also:
        copies, sharing = copies | sharing, set()
    copies = (copies | whole) - set(asked)
    doomed = {*asked, *copies}
    own = {path for path, named in paths.items() if doomed.issuperset(named)}
    return Resolved(
        asked=[*dict.fromkeys([*asked, *rejected, *earlier])],
        copies=sorted(copies),
        sharing=sorted(sharing),
        names=sorted({*doomed, *own, *rejected, *earlier}),
        texts=[text for text, named in texts.items() if not doomed.isdisjoint(named)],
        rejected=rejected,
        earlier=earlier,
    )


def _documents(work: Workspace) -> Iterable[Document]:
    return read_jsonl(work.documents, Document) if work.documents.is_file() else ()


def _rejected(work: Workspace) -> Iterable[RejectedDocument]:
    path = work.rejected_documents
    return read_jsonl(path, RejectedDocument) if path.is_file() else ()


def _only(path: str, named: Collection[str]) -> str:
    if len(named) > 1:
        some = ", ".join(map(repr, sorted(named)[:3])) + (", …" if len(named) > 3 else "")
        raise PrivacyError(f"{path!r} is the path of {len(named):,} documents: name one by its id ({some})")
    (only,) = named
    return only


def _earlier(work: Workspace, name: str) -> list[str]:
    """The id, where lineage knows a version of a document that later runs no longer had."""
    if not work.lineage.is_file():
        return []
    with opened(work.lineage) as lineage:
        if versions(lineage, [name]):
            return [name]
        rows = lineage.connection.execute(
            "SELECT key FROM nodes WHERE kind = ? AND name = ?", (lineage.kinds["document"], name)
        )
        found = {key.rpartition("@")[0] for (key,) in rows}
    return [_only(name, found)] if found else []


def _related(work: Workspace, asked: Collection[str]) -> tuple[set[str], set[str]]:
    """Documents that say just what an asked one does, by what ingest calls duplicates, and those that share some."""
    said: dict[str, set[str]] = defaultdict(set)
    holders: dict[str, set[str]] = defaultdict(set)
    for chunk in read_jsonl(work.chunks, _Chunk) if work.chunks.is_file() else ():
        head = chunk.duplicate_of or chunk.id
        said[chunk.document_id].add(head)
        holders[head].add(chunk.document_id)
    copies: set[str] = set()
    sharing: set[str] = set()
    for one in asked:
        for other in {holder for head in said[one] for holder in holders[head]} - set(asked):
            (copies if said[other] == said[one] else sharing).add(other)
    return copies, sharing - copies


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known[:50_000], n=3, cutoff=0.5)
    return f": the nearest are {', '.join(map(repr, dict.fromkeys(near)))}" if near else ", nor one like it"
