"""One run's nodes and edges on their way into the graph."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from idiolect.files import digest_text
from idiolect.lifecycle.lineage.graph import ARTEFACTS, ROLES, Kind
from idiolect.lifecycle.lineage.rollup import roll_up
from idiolect.lifecycle.lineage.store import Lineage

_AT_ONCE = 20_000

DIGITS = 16
"""Of a digest, in keys of which one document or query can have many."""


class Node(NamedTuple):
    """`token` tells it from others of its id: it goes into the keys of what is made of it."""

    id: int
    token: str
    is_artefact: bool = False


class Run:
    """What one run made of what; `finish` brings what follows from it up to date.

    `node` stands for the run itself.  To be used inside a transaction.
    """

    def __init__(self, lineage: Lineage, key: str, stage: str, started: str, seconds: float) -> None:
        self.lineage, self.connection = lineage, lineage.connection
        self._edges: list[tuple[int, int, int, int]] = []
        self._between: set[tuple[int, int, str]] = set()
        self._changed: set[int] = set()
        self.node, _ = self._node("run", key, stage)
        self.connection.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", (self.node, stage, started, seconds)
        )

    def named(self, kind: Kind, key: str, name: str = "") -> Node:
        """A node without edges into it that is known by `key` alone: a document, a file of exemplars."""
        node, _ = self._node(kind, key, name)
        return Node(node, key.rpartition("@")[2])

    def artefact(self, kind: Kind, digest: str, name: str = "") -> Node:
        """One of ARTEFACTS; whatever leads to it, from this run or others, adds up."""
        assert kind in ARTEFACTS
        node, _ = self._node(kind, digest, name)
        return Node(node, digest, is_artefact=True)

    def made_of(self, kind: Kind, own: str, parts: Iterable[tuple[Node, str]]) -> Node:
        """A node that exists only with just these edges (source, role) into it: other parts make another node.

        So what one run made of an old version of a document is never taken for what a later one made
        of a new version.
        """
        edges = sorted({(role, part.token, part.id) for part, role in parts})
        token = digest_text("\0".join([own, *(f"{role} {other}" for role, other, _ in edges)]))[:DIGITS]
        node, is_new = self._node(kind, f"{own}@{token}")
        if is_new:
            roles = self.lineage.roles
            self._edges += [(node, source, roles[role], self.node) for role, _, source in edges]
            self._flush(_AT_ONCE)
        return Node(node, token)

    def edge(self, source: Node, target: Node, role: str) -> None:
        """An edge into an artefact; none from a model to itself, which training from it and keeping nothing gives."""
        if source.id == target.id:
            return
        self._edges.append((target.id, source.id, self.lineage.roles[role], self.node))
        self._between.add((target.id, self.node, "made"))
        if source.is_artefact:
            self._between.add((self.node, source.id, "read"))
        if ROLES[role].carries != "nothing":
            self._changed.add(target.id)
        self._flush(_AT_ONCE)

    def remember(self, kind: Kind, nodes: Iterable[tuple[str, Node]]) -> None:
        """What ids in WORK's files stand for from now on; those of the last time are forgotten."""
        number = self.lineage.kinds[kind]
        self.connection.execute("DELETE FROM current WHERE kind = ?", (number,))
        rows = ((number, own, node.id) for own, node in nodes)
        self.connection.executemany("INSERT OR REPLACE INTO current VALUES (?, ?, ?)", rows)

    def known(self, kind: Kind) -> dict[str, Node]:
        """Id in WORK's files → its node."""
        return dict(self._known(kind))

    def finish(self) -> None:
        roles = self.lineage.roles
        self._edges += [(target, source, roles[role], self.node) for target, source, role in self._between]
        self._flush(0)
        roll_up(self.lineage, self._changed)

    def _known(self, kind: Kind) -> Iterator[tuple[str, Node]]:
        rows = self.connection.execute(
            "SELECT own, node, key FROM current JOIN nodes ON nodes.id = node WHERE current.kind = ?",
            (self.lineage.kinds[kind],),
        )
        is_artefact = kind in ARTEFACTS
        for own, node, key in rows:
            yield own, Node(node, key if is_artefact else key.rpartition("@")[2], is_artefact)

    def _node(self, kind: Kind, key: str, name: str = "") -> tuple[int, bool]:
        """Its number, and whether it is new."""
        number = self.lineage.kinds[kind]
        row = self.connection.execute(
            "SELECT id FROM nodes WHERE kind = ? AND key = ?", (number, key)
        ).fetchone()
        if row is not None:
            return row[0], False
        made = self.connection.execute(
            "INSERT INTO nodes (kind, key, name) VALUES (?, ?, ?)", (number, key, name)
        )
        assert made.lastrowid is not None
        return made.lastrowid, True

    def _flush(self, many: int) -> None:
        if len(self._edges) > many:
            self.connection.executemany("INSERT OR IGNORE INTO edges VALUES (?, ?, ?, ?)", self._edges)
            self._edges.clear()
