"""Which documents shaped an artefact, in which roles and to which use: counted when edges arrive, not when one asks.

The role of a document is that of the first edge out of the chunk that was cut from it (or out of the
document itself); its use is that of the first edge on the way that has one, "" in a dataset, which is
put to no use yet.  What is counted are the examples, queries, judgments or chunks on the way that are
part of a dataset, or that an artefact takes directly, once for each way from there to the artefact.
"""

from collections.abc import Iterable
from graphlib import TopologicalSorter

from idiolect.lifecycle.lineage.graph import USES
from idiolect.lifecycle.lineage.store import Lineage

_USE = f"CASE WHEN roles.carries IN ({', '.join(map(repr, USES))}) THEN roles.carries ELSE '' END"

_COUNT = f"""
INSERT INTO shaped
WITH RECURSIVE walk (item, node, role, use) AS (
    SELECT edges.source, edges.source, edges.role, {_USE}
    FROM edges
    JOIN roles ON roles.id = edges.role
    JOIN nodes ON nodes.id = edges.source
    JOIN kinds ON kinds.id = nodes.kind AND NOT kinds.artefact
    WHERE edges.target = :artefact AND roles.carries != 'nothing'
    UNION
    SELECT walk.item, edges.source, CASE edges.role WHEN :cut THEN walk.role ELSE edges.role END, walk.use
    FROM walk CROSS JOIN edges ON edges.target = walk.node
)
SELECT :artefact, document, role, use, SUM(count)
FROM (
    SELECT walk.node AS document, walk.role AS role, walk.use AS use, COUNT(*) AS count
    FROM walk CROSS JOIN nodes ON nodes.id = walk.node AND nodes.kind = :document
    GROUP BY walk.node, walk.role, walk.use
    UNION ALL
    SELECT shaped.document, shaped.role, CASE shaped.use WHEN '' THEN {_USE} ELSE shaped.use END, shaped.count
    FROM edges
    JOIN roles ON roles.id = edges.role AND roles.carries != 'nothing'
    JOIN shaped ON shaped.artefact = edges.source
    WHERE edges.target = :artefact
)
GROUP BY document, role, use
"""

_NEXT = """
SELECT DISTINCT edges.target
FROM edges
JOIN roles ON roles.id = edges.role AND roles.carries != 'nothing'
JOIN nodes ON nodes.id = edges.target
JOIN kinds ON kinds.id = nodes.kind AND kinds.artefact
WHERE edges.source = ?
"""


def roll_up(lineage: Lineage, changed: Iterable[int]) -> None:
    """Count anew for the artefacts `changed`, and for all that were made of them, those first that others need."""
    connection = lineage.connection
    codes = {"cut": lineage.roles["cut-from"], "document": lineage.kinds["document"]}
    for artefact in _in_order(lineage, changed):
        connection.execute("DELETE FROM shaped WHERE artefact = ?", (artefact,))
        connection.execute(_COUNT, {"artefact": artefact, **codes})


def _in_order(lineage: Lineage, changed: Iterable[int]) -> Iterable[int]:
    order: TopologicalSorter[int] = TopologicalSorter()
    waiting, seen = list(changed), set(changed)
    while waiting:
        artefact = waiting.pop()
        order.add(artefact)
        for (further,) in lineage.connection.execute(_NEXT, (artefact,)):
            order.add(further, artefact)
            if further not in seen:
                seen.add(further)
                waiting.append(further)
    return order.static_order()
