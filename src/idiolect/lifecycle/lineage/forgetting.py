"""Erased documents: what names them goes from the file, what they did to each artefact stays counted."""

import secrets
from collections.abc import Iterable

from idiolect.lifecycle.lineage.naming import versions
from idiolect.lifecycle.lineage.store import Lineage

_MADE_OF_TEXT = (
    "cut-from",
    "shown",
    "judged",
    "written-from",
    "copied-from",
    "near-miss-from",
    "label",
    "wrote",
    "asked",
)
"""Roles of edges to nodes whose keys are digests of the document's text, or of what was written from it."""


def forget(lineage: Lineage, document_ids: Iterable[str], written: Iterable[str] = ()) -> int:
    """Put tokens in place of all keys that tell of these documents, in every version; how many there were.

    `written` are ids of queries and negatives that go with them: an earlier run may have had them from elsewhere.

    Tokens are random: nothing leads back.  Afterwards no id, path or digest of theirs stands in any byte
    of the file.  Edges and counts stay as they are.  An id that is not known, or that was forgotten
    before, changes nothing.
    """
    connection = lineage.connection
    nodes = [version.node for version in versions(lineage, document_ids)]
    named = list(written)
    if not nodes and not named:
        return 0
    with lineage.transaction():
        connection.execute("CREATE TEMP TABLE gone (node INTEGER PRIMARY KEY)")
        connection.executemany("INSERT OR IGNORE INTO gone VALUES (?)", [(node,) for node in nodes])
        connection.executemany(
            "INSERT OR IGNORE INTO gone SELECT id FROM nodes WHERE kind = ? AND key >= ? AND key < ?",
            (
                (lineage.kinds[kind], f"{one}@", f"{one}A")
                for one in named
                for kind in ("query", "written-negative")
            ),
        )
        roles = ", ".join(str(lineage.roles[role]) for role in _MADE_OF_TEXT)
        connection.execute(
            "WITH RECURSIVE below (node) AS ("
            " SELECT node FROM gone UNION SELECT target FROM below CROSS JOIN edges ON edges.source = below.node"
            f" JOIN nodes ON nodes.id = target JOIN kinds ON kinds.id = nodes.kind AND NOT artefact"
            f" WHERE role IN ({roles})"
            ") INSERT OR IGNORE INTO gone SELECT node FROM below"
        )
        doomed = [node for (node,) in connection.execute("SELECT node FROM gone")]
        connection.executemany(
            "UPDATE nodes SET key = ?, name = '' WHERE id = ?",
            [(f"erased@{secrets.token_hex(16)}", node) for node in doomed],
        )
        connection.execute("DELETE FROM current WHERE node IN (SELECT node FROM gone)")
        connection.execute("DROP TABLE gone")
    connection.execute("VACUUM")  # secure_delete has overwritten rows, but not what indexes kept in passing
    return len(nodes)
