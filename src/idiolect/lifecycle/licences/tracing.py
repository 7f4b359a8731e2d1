"""The lineage asked what one version of a document touched."""

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path

from idiolect.lifecycle.licences.history import Licensed
from idiolect.lifecycle.licences.reviewing import Touch, Trace

_DIGITS = 16
"""Of a version's SHA-256, as the lineage keeps it."""


@contextlib.contextmanager
def tracing(path: Path) -> Iterator[Trace | None]:
    """What asks the lineage in `path`; None where there is none.  Raises AuditError where it cannot be used."""
    if not path.is_file():
        yield None
        return
    rooms = ("store", "naming", "explaining")
    store, naming, explaining = (
        importlib.import_module(f"idiolect.lifecycle.lineage.{one}") for one in rooms
    )
    with store.opened(path, must_exist=True) as lineage:

        def trace(document: Licensed) -> Iterator[Touch]:
            known = naming.versions(lineage, [document.document_id])
            own = [version for version in known if version.digest == document.sha256[:_DIGITS]]
            for found in explaining.explain_document(lineage, own):
                roles = list(dict.fromkeys(one.role for one in found.influences))
                yield Touch(
                    found.artefact.kind, found.artefact.name, found.artefact.digest, roles, found.uses
                )

        yield trace
