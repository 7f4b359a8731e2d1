"""The lineage asked what one version of a document touched."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from idiolect.lifecycle.licences.history import Licensed
from idiolect.lifecycle.licences.reviewing import Touch, Trace
from idiolect.lifecycle.lineage.explaining import explain_document
from idiolect.lifecycle.lineage.naming import versions
from idiolect.lifecycle.lineage.store import opened
from idiolect.lifecycle.lineage.writing import DIGITS


@contextlib.contextmanager
def tracing(path: Path) -> Iterator[Trace | None]:
    """What asks the lineage in `path`; None where there is none.  Raises AuditError where it cannot be used."""
    if not path.is_file():
        yield None
        return
    with opened(path, must_exist=True) as lineage:

        def trace(document: Licensed) -> Iterator[Touch]:
            known = versions(lineage, [document.document_id])
            own = [version for version in known if version.digest == document.sha256[:DIGITS]]
            for found in explain_document(lineage, own):
                roles = list(dict.fromkeys(one.role for one in found.influences))
                yield Touch(
                    found.artefact.kind, found.artefact.name, found.artefact.digest, roles, found.uses
                )

        yield trace
