"""What shaped each artefact, found by walking every path over the edges of a lineage: slow, and with no help of SQL."""

from collections import Counter, defaultdict

from idiolect.lifecycle.lineage.graph import ARTEFACTS, ROLES, USES


def read(lineage):
    """Node → its kind; target → [(source, role)]."""
    kinds = {number: name for name, number in lineage.kinds.items()}
    roles = {number: name for name, number in lineage.roles.items()}
    nodes = {node: kinds[kind] for node, kind in lineage.connection.execute("SELECT id, kind FROM nodes")}
    edges = defaultdict(list)
    for target, source, role in lineage.connection.execute("SELECT target, source, role FROM edges"):
        edges[target].append((source, roles[role]))
    return nodes, edges


def counted(lineage):
    """(artefact, document, role, use) → count, as `rollup` keeps it."""
    rows = lineage.connection.execute(
        "SELECT artefact, document, roles.name, use, count FROM shaped JOIN roles ON roles.id = role"
    )
    return {row[:4]: row[4] for row in rows}


def walked(lineage):
    """The same from the edges alone."""
    nodes, edges = read(lineage)
    found = Counter()
    for artefact, kind in nodes.items():
        if kind in ARTEFACTS:
            for item, entry, use in items(artefact, nodes, edges):
                for document, role in sources(item, entry, nodes, edges):
                    found[artefact, document, role, use] += 1
    return dict(found)


def items(artefact, nodes, edges):
    """(item, the role of its edge, the first use on the way) for each way down to the artefact from what is none."""
    for source, role in edges[artefact]:
        if ROLES[role].carries == "nothing":
            continue
        own = ROLES[role].carries if ROLES[role].carries in USES else ""
        if nodes[source] not in ARTEFACTS:
            yield source, role, own
            continue
        for item, entry, use in items(source, nodes, edges):
            yield item, entry, use or own


def sources(item, entry, nodes, edges):
    """The different (document, role) that lead to an item which is entered by an edge of the role `entry`."""
    found, waiting = set(), [(item, entry)]
    while waiting:
        node, role = waiting.pop()
        if nodes[node] == "document":
            found.add((node, role))
        for source, own in edges[node]:
            waiting.append((source, role if own == "cut-from" else own))
    return found
