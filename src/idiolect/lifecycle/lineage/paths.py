"""Ways through the graph from a document to an artefact, for people to read."""

from collections import Counter
from collections.abc import Iterator, Sequence

from idiolect.lifecycle.lineage.graph import ROLES, USES
from idiolect.lifecycle.lineage.store import Lineage
from idiolect.records import Record

_MOST = 4_000
"""Edges looked at: a document can be a negative of hundreds of thousands of examples."""

Walk = list[tuple[int, str]]
"""Nodes, each with the role of the edge into it, "" of the first."""


class Step(Record, frozen=True):
    """A node on the way, and the role of the edge that leads to it."""

    role: str
    kind: str
    key: str
    name: str


class Path(Record, frozen=True):
    """One way from a document to an artefact; `role` and `use` are those that `rollup` counts it under."""

    role: str
    use: str
    steps: list[Step]


def paths(lineage: Lineage, artefact: int, documents: Sequence[int], limit: int) -> list[Path]:
    """Up to `limit` ways for each role and use, the shorter way where several lead on from one dataset to one use."""
    ends = _ends(lineage, artefact)
    found: dict[tuple[str, str], list[Path]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for document in documents:
        for walk, end in _walks(lineage, document, ends):
            for rest in ends[end]:
                whole = [*walk, *rest]
                both = _counted_under(whole)
                counts[both] += 1
                if counts[both] <= limit:
                    steps = [_step(lineage, node, role) for node, role in whole]
                    found.setdefault(both, []).append(Path(*both, steps))
    uses = [*USES, ""]
    ordered = sorted(found, key=lambda both: (uses.index(both[1]), list(ROLES).index(both[0])))
    return [path for both in ordered for path in found[both]]


def _ends(lineage: Lineage, artefact: int) -> dict[int, list[Walk]]:
    """Each artefact that leads to this one → the ways to it, one for each first use on the way."""
    ends: dict[int, dict[str, Walk]] = {artefact: {"": []}}
    waiting = [artefact]
    while waiting:
        node = waiting.pop(0)
        rows = lineage.connection.execute(
            "SELECT source, roles.name FROM edges JOIN roles ON roles.id = role AND carries != 'nothing' "
            "JOIN nodes ON nodes.id = source JOIN kinds ON kinds.id = nodes.kind AND kinds.artefact WHERE target = ?",
            (node,),
        )
        for source, role in rows.fetchall():
            known = ends.setdefault(source, {})
            for rest in list(ends[node].values()):
                walk = [(node, role), *rest]
                use = _use(walk)
                if use not in known:
                    known[use] = walk
                    waiting.append(source)
    return {node: list(walks.values()) for node, walks in ends.items()}


def _walks(lineage: Lineage, document: int, ends: dict[int, list[Walk]]) -> Iterator[tuple[Walk, int]]:
    """The ways from a document to any of `ends`, that one included, depth first."""
    waiting: list[Walk] = [[(document, "")]]
    looked_at = 0
    while waiting:
        walk = waiting.pop()
        rows = lineage.connection.execute(
            "SELECT target, roles.name, kinds.artefact FROM edges JOIN roles ON roles.id = role "
            "JOIN nodes ON nodes.id = target JOIN kinds ON kinds.id = nodes.kind "
            "WHERE source = ? AND carries != 'nothing' LIMIT ?",
            (walk[-1][0], _MOST - looked_at),
        ).fetchall()
        looked_at += len(rows)
        for target, role, is_artefact in rows:
            further = [*walk, (target, role)]
            if not is_artefact:
                waiting.append(further)
            elif target in ends:
                yield further, target


def _counted_under(walk: Walk) -> tuple[str, str]:
    roles = [role for _, role in walk[1:]]
    first = next((role for role in roles if role != "cut-from"), roles[0])
    return first, _use(walk[1:])


def _use(walk: Walk) -> str:
    return next((ROLES[role].carries for _, role in walk if ROLES[role].carries in USES), "")


def _step(lineage: Lineage, node: int, role: str) -> Step:
    row = lineage.connection.execute(
        "SELECT kinds.name, key, nodes.name FROM nodes JOIN kinds ON kinds.id = kind WHERE nodes.id = ?",
        (node,),
    ).fetchone()
    return Step(role, *row)
