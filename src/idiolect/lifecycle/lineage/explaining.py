"""Questions to the graph: which documents shaped an artefact, how one did, and all that one touched.

All but the paths are read from what `rollup` counted.
"""

from collections.abc import Iterable, Sequence

from idiolect.lifecycle.lineage.graph import ROLES, USES
from idiolect.lifecycle.lineage.naming import Artefact, Version, versions
from idiolect.lifecycle.lineage.paths import Path, paths
from idiolect.lifecycle.lineage.store import Lineage
from idiolect.records import Record

_HEAVIEST = ", ".join(f"SUM(CASE use WHEN '{use}' THEN count ELSE 0 END) DESC" for use in USES)

_AT_ONCE = 500
"""Documents in one query: SQLite takes no more than some thousand parameters."""


class Influence(Record, frozen=True):
    """A role and the use that it was put to, "" in a dataset; how many examples, queries, judgments or chunks."""

    role: str
    use: str
    count: int
    documents: int = 1


class Source(Record, frozen=True):
    """A version of a document and what it did; an erased one has a token for its id, and no path."""

    document: str
    version: str
    path: str
    influences: list[Influence]


class Explained(Record, frozen=True, kw_only=True):
    """What shaped an artefact: `sources` are the first of `documents`, by weights, then by the lighter uses."""

    artefact: Artefact
    documents: int
    totals: list[Influence]
    sources: list[Source]


class Touched(Record, frozen=True, kw_only=True):
    """An artefact and what the documents asked about did to it; `uses` are the heaviest first."""

    artefact: Artefact
    influences: list[Influence]
    uses: list[str]


class ExplainedDocument(Record, frozen=True, kw_only=True):
    """How a document's versions shaped one artefact, with some of the paths for each role and use."""

    artefact: Artefact
    sources: list[Source]
    paths: list[Path]


def explain_model(lineage: Lineage, artefact: Artefact, limit: int = 20) -> Explained:
    """The documents that shaped an artefact, of any kind, and in which roles."""
    connection = lineage.connection
    totals = connection.execute(
        "SELECT roles.name, use, SUM(count), COUNT(*) FROM shaped JOIN roles ON roles.id = role "
        "WHERE artefact = ? GROUP BY role, use",
        (artefact.node,),
    )
    (documents,) = connection.execute(
        "SELECT COUNT(DISTINCT document) FROM shaped WHERE artefact = ?", (artefact.node,)
    ).fetchone()
    first = connection.execute(
        f"SELECT document, key, name FROM shaped JOIN nodes ON nodes.id = document WHERE artefact = ? "
        f"GROUP BY document ORDER BY {_HEAVIEST}, SUM(count) DESC, document LIMIT ?",
        (artefact.node, limit),
    ).fetchall()
    return Explained(
        artefact=artefact,
        documents=documents,
        totals=_sorted(Influence(*row) for row in totals),
        sources=[_source(lineage, artefact, Version(node, *_split(key), name)) for node, key, name in first],
    )


def explain_model_document(
    lineage: Lineage, artefact: Artefact, document: Sequence[Version], limit: int = 5
) -> ExplainedDocument:
    """What the versions of one document did to an artefact; up to `limit` paths for each role and use."""
    sources = [_source(lineage, artefact, version) for version in document]
    return ExplainedDocument(
        artefact=artefact,
        sources=[source for source in sources if source.influences],
        paths=paths(lineage, artefact.node, [version.node for version in document], limit),
    )


def explain_document(lineage: Lineage, document: Sequence[Version]) -> list[Touched]:
    """Every artefact that any version of a document touched, in the order in which they were first made."""
    counts: dict[Artefact, dict[tuple[str, str], list[int]]] = {}
    for start in range(0, len(document), _AT_ONCE):
        nodes = [version.node for version in document[start : start + _AT_ONCE]]
        rows = lineage.connection.execute(
            "SELECT shaped.artefact, kinds.name, key, nodes.name, roles.name, use, SUM(count), COUNT(*) FROM shaped "
            "JOIN nodes ON nodes.id = shaped.artefact JOIN kinds ON kinds.id = kind JOIN roles ON roles.id = role "
            f"WHERE document IN ({', '.join('?' * len(nodes))}) GROUP BY shaped.artefact, role, use",
            nodes,
        )
        for node, kind, key, name, role, use, count, many in rows:
            sums = counts.setdefault(Artefact(node, kind, key, name), {}).setdefault((role, use), [0, 0])
            sums[0] += count
            sums[1] += many
    return [
        _touched(artefact, [Influence(*both, *sums) for both, sums in found.items()])
        for artefact, found in sorted(counts.items(), key=lambda item: item[0].node)
    ]


def touched(lineage: Lineage, document_ids: Iterable[str]) -> list[Touched]:
    """Every artefact that any version of these documents touched; ids that are not known touch nothing."""
    return explain_document(lineage, versions(lineage, document_ids))


def _touched(artefact: Artefact, influences: Iterable[Influence]) -> Touched:
    ordered = _sorted(influences)
    uses = list(dict.fromkeys(one.use for one in ordered if one.use))
    return Touched(artefact=artefact, influences=ordered, uses=uses)


def _source(lineage: Lineage, artefact: Artefact, version: Version) -> Source:
    rows = lineage.connection.execute(
        "SELECT roles.name, use, count FROM shaped JOIN roles ON roles.id = role WHERE artefact = ? AND document = ?",
        (artefact.node, version.node),
    )
    return Source(version.id, version.digest, version.path, _sorted(Influence(*row) for row in rows))


def _sorted(influences: Iterable[Influence]) -> list[Influence]:
    """By use, the heaviest first, then by role as ROLES has them."""
    uses, roles = list(USES), list(ROLES)
    return sorted(
        influences,
        key=lambda one: (uses.index(one.use) if one.use in USES else len(uses), roles.index(one.role)),
    )


def _split(key: str) -> tuple[str, str]:
    identifier, _, digest = key.rpartition("@")
    return identifier, digest
