"""The graph that a question is for: WORK's, brought up to its manifests first, or a file of its own."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from idiolect.errors import WorkspaceError
from idiolect.lifecycle.lineage.published import fetched
from idiolect.lifecycle.lineage.recording import record
from idiolect.lifecycle.lineage.store import Lineage, opened
from idiolect.lifecycle.registry import is_reference
from idiolect.workspace import Workspace


@contextlib.contextmanager
def asked(model: str, root: Path) -> Iterator[tuple[Lineage, str, dict[str, str]]]:
    """The graph, what in it `model` names (see `naming.artefact`), and the stages that are not recorded → why.

    `model` may be a file that `extract` wrote, or a registered version ("registry:NAME@VERSION"); a
    directory in a WORK, or a WORK, stands for that WORK's graph; else it is that of `root`.  Raises
    AuditError where there is none, RegistryError where there is no such version.
    """
    if is_reference(model):
        with tempfile.TemporaryDirectory() as folder, opened(fetched(model, Path(folder)), True) as lineage:
            yield lineage, "", {}
        return
    path = Path(model) if model else root
    if model and path.is_file():
        with opened(path, must_exist=True) as lineage:
            yield lineage, "", {}
        return
    places = [path, path.parent] if path.is_dir() else []
    found = next((place for place in places if Workspace(place).manifests.is_dir()), root)
    work = Workspace(found)
    left = _up_to_date(work) if work.manifests.is_dir() else {}
    with opened(work.lineage, must_exist=True) as lineage:
        yield lineage, model or str(found), left


def _up_to_date(work: Workspace) -> dict[str, str]:
    try:
        with work.held():
            return record(work)
    except WorkspaceError:  # a run holds it, and records itself
        return {}
