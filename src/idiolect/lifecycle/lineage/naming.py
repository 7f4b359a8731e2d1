"""What people call a document or a model → its nodes in the graph."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from idiolect.bundle import Bundle, bundle_digest
from idiolect.errors import AuditError
from idiolect.lifecycle.lineage.graph import ARTEFACTS
from idiolect.lifecycle.lineage.store import Lineage
from idiolect.records import Record
from idiolect.runtimes.layout import LINEAR, is_bundle
from idiolect.runtimes.model_files import weights_digest
from idiolect.workspace import Workspace

_COMPARED = 50_000
"""Names that a mistyped one is compared with: more would take seconds."""

_SHORTEST = 6
"""Digits of a digest's beginning."""


class Version(NamedTuple):
    """A version of a document; `digest` has the first 16 digits of its file's SHA-256."""

    node: int
    id: str
    digest: str
    path: str


class Artefact(Record, frozen=True):
    """An artefact's node; a dataset's `digest` has its part behind a colon."""

    node: int
    kind: str
    digest: str
    name: str


def versions(lineage: Lineage, identifiers: Iterable[str]) -> list[Version]:
    """All versions of the documents of these ids, the oldest first; none of an id that is not known."""
    kind = lineage.kinds["document"]
    found = []
    for identifier in dict.fromkeys(identifiers):
        rows = lineage.connection.execute(
            "SELECT id, key, name FROM nodes WHERE kind = ? AND key >= ? AND key < ? ORDER BY id",
            (kind, f"{identifier}@", f"{identifier}A"),  # "A" comes after "@"
        )
        found += [version for version in map(_version, rows) if version.id == identifier]
    return found


def documents(lineage: Lineage, given: str) -> list[Version]:
    """The versions of the document that `given` names by id or path.

    Raises AuditError, naming the nearest, where it names none, or a path that several documents share.
    """
    if found := versions(lineage, [given]):
        return found
    kind = lineage.kinds["document"]
    rows = lineage.connection.execute(
        "SELECT id, key, name FROM nodes WHERE kind = ? AND name = ? AND name != '' ORDER BY id",
        (kind, given),
    )
    named = [_version(row) for row in rows]
    ids = list(dict.fromkeys(one.id for one in named))
    if len(ids) > 1:
        some = ", ".join(map(repr, ids[:3])) + (", …" if len(ids) > 3 else "")
        raise AuditError(f"{given!r} is the path of {len(ids):,} documents: name one by its id ({some})")
    if named:
        return named
    raise AuditError(f"{lineage.path} knows no document {given!r}{_nearest(lineage, given)}")


def artefact(lineage: Lineage, given: str) -> Artefact:
    """The artefact that `given` names: a bundle's, model's or WORK's directory, or the beginning of a digest.

    WORK stands for its bundle or, before there is one, its model; so does "" for what the file was made
    for (see `extract`).  Raises AuditError where it names none, or several.
    """
    if not given:
        row = lineage.connection.execute("SELECT value FROM facts WHERE name = 'artefact'").fetchone()
        if row is not None:
            return of_node(lineage, int(row[0]))
        raise AuditError(f"say what of {lineage.path} to explain: the beginning of a digest")
    path = Path(given)
    if not path.is_dir():
        return _by_digest(lineage, given)
    work = Workspace(path)
    places = [work.bundle, work.model] if work.manifests.is_dir() else [path]
    for place in places:
        if is_bundle(place) and (found := find(lineage, bundle_digest(Bundle.load(place)), "bundle")):
            return found
        files = place / "modules.json", place / LINEAR
        if any(file.is_file() for file in files) and (found := find(lineage, weights_digest(place), "model")):
            return found
    raise AuditError(
        f"{lineage.path} knows no model or bundle as it lies in {path}: give the WORK that made it with -w, or run "
        "`idiolect run --from train` there"
    )


def of_node(lineage: Lineage, node: int) -> Artefact:
    row = lineage.connection.execute(
        "SELECT nodes.id, kinds.name, key, nodes.name FROM nodes JOIN kinds ON kinds.id = kind WHERE nodes.id = ?",
        (node,),
    ).fetchone()
    return Artefact(*row)


def find(lineage: Lineage, digest: str, kind: str) -> Artefact | None:
    """The artefact of that kind and whole digest."""
    row = lineage.connection.execute(
        "SELECT id FROM nodes WHERE kind = ? AND key = ?", (lineage.kinds[kind], digest)
    ).fetchone()
    return of_node(lineage, row[0]) if row else None


def _by_digest(lineage: Lineage, given: str) -> Artefact:
    if len(given) < _SHORTEST or set(given) - set("0123456789abcdef"):
        raise AuditError(
            f"{given!r} is no directory and no digest: give a bundle, a model, a WORK folder, or {_SHORTEST} or more "
            "digits of a digest"
        )
    kinds = {lineage.kinds[kind] for kind in ARTEFACTS}
    rows = [
        node
        for node, kind in lineage.connection.execute(
            "SELECT id, kind FROM nodes WHERE kind IN (SELECT id FROM kinds WHERE artefact) AND key >= ? AND key < ?",
            (given, f"{given}g"),
        )
        if kind in kinds
    ]
    found = [of_node(lineage, node) for node in rows]
    if len(found) > 1:
        raise AuditError(
            f"{given!r} begins {len(found)} digests ({', '.join(f'{one.kind} {one.digest[:16]}' for one in found[:3])}"
            f"{', …' if len(found) > 3 else ''}): give more digits"
        )
    if not found:
        raise AuditError(f"{lineage.path} knows no artefact whose digest begins with {given!r}")
    return found[0]


def _version(row: tuple[int, str, str]) -> Version:
    node, key, path = row
    identifier, _, digest = key.rpartition("@")
    return Version(node, identifier, digest, path)


def _nearest(lineage: Lineage, given: str) -> str:
    rows = lineage.connection.execute(
        "SELECT id, key, name FROM nodes WHERE kind = ? AND name != '' LIMIT ?",
        (lineage.kinds["document"], _COMPARED),
    )
    names = {name: None for version in map(_version, rows) for name in (version.id, version.path)}
    near = get_close_matches(given, names, n=3, cutoff=0.5)
    return f": the nearest are {', '.join(map(repr, near))}" if near else ", nor one like it"
