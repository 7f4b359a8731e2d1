"""The part of the graph that led to one artefact, as a file of its own: it goes where the artefact goes."""

from pathlib import Path

from idiolect.files import replacing
from idiolect.lifecycle.lineage.naming import artefact
from idiolect.lifecycle.lineage.store import Lineage, opened

_COPIED = """
CREATE TEMP TABLE kept AS
WITH RECURSIVE above (node) AS (
    SELECT :artefact
    UNION
    SELECT edges.source FROM above CROSS JOIN edges ON edges.target = above.node
    JOIN whole.roles ON roles.id = edges.role AND roles.carries != 'nothing'
)
SELECT node FROM above;
"""


def export_model(lineage: Lineage, given: str, target: Path) -> Path:
    """Write what led to the artefact that `given` names (see `naming.artefact`) to `target`; `explain` opens that too.

    Raises AuditError as `naming.artefact`.
    """
    chosen = artefact(lineage, given)
    with replacing(target) as draft, opened(draft) as part:
        connection = part.connection
        connection.execute("ATTACH ? AS whole", (str(lineage.path),))
        with part.transaction():
            for table in ("kinds", "roles"):  # numbers are those of the whole
                connection.execute(f"DELETE FROM {table}")
                connection.execute(f"INSERT INTO {table} SELECT * FROM whole.{table}")
            connection.execute(_COPIED.replace("edges ON", "whole.edges ON"), {"artefact": chosen.node})
            connection.execute("CREATE UNIQUE INDEX temp.kept_node ON kept (node)")
            connection.execute(
                "INSERT INTO edges SELECT edges.* FROM kept CROSS JOIN whole.edges ON edges.target = kept.node "
                "WHERE +edges.source IN (SELECT node FROM kept)"
            )
            connection.execute("INSERT OR IGNORE INTO kept SELECT DISTINCT run FROM edges")
            connection.execute(
                "INSERT INTO nodes SELECT nodes.* FROM whole.nodes WHERE id IN (SELECT node FROM kept)"
            )
            connection.execute(
                "INSERT INTO runs SELECT runs.* FROM whole.runs WHERE node IN (SELECT node FROM kept)"
            )
            connection.execute(
                "INSERT INTO shaped SELECT shaped.* FROM whole.shaped WHERE artefact IN (SELECT node FROM kept)"
            )
            connection.execute("INSERT INTO facts VALUES ('artefact', ?)", (str(chosen.node),))
    return target
