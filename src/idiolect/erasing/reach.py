"""What an erasure's documents reached, as lineage has it; where that is gone, what they must be presumed to have."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from idiolect.bundle import Bundle, bundle_digest
from idiolect.files import digest_path
from idiolect.lifecycle.lineage.explaining import Touched, touched
from idiolect.lifecycle.lineage.graph import Use
from idiolect.lifecycle.lineage.naming import Artefact
from idiolect.lifecycle.lineage.recording import record, unrecorded
from idiolect.lifecycle.lineage.store import opened
from idiolect.records import Record
from idiolect.runtimes.layout import is_bundle
from idiolect.runtimes.model_files import weights_digest
from idiolect.workspace import Workspace

TAINTED = ("fusion", "model", "report", "calibration", "compression", "bundle", "index")
"""Kinds of artefacts that an erasure leaves and marks; datasets it takes the document out of."""


class Reach(Record, frozen=True):
    """The artefacts to be marked, and in words what nobody can say."""

    touched: list[Touched]
    unknown: list[str]


def reach(work: Workspace, documents: Sequence[str]) -> Reach:
    """What is not in lineage.db is recorded first; what cannot be, as when it was deleted, is presumed."""
    was_there = work.lineage.is_file()
    left = record(work)
    with opened(work.lineage) as lineage:
        found = [one for one in touched(lineage, documents) if one.artefact.kind in TAINTED]
        earlier = unrecorded(lineage, work)
    unknown = []
    if left:
        known = {one.artefact.digest for one in found}
        found += [one for one in _presumed(work) if one.artefact.digest not in known]
        why = "; ".join(f"{stage}: {reason}" for stage, reason in left.items())
        unknown.append(f"what it shaped here, which lineage cannot tell ({why}): presumed to be all")
    if earlier or not was_there:
        unknown.append(
            "models, bundles and stores of runs that lineage.db knows nothing of: erase from such a store with --store"
        )
    return Reach(found, unknown)


@contextlib.contextmanager
def looked_at(work: Workspace) -> Iterator[Workspace]:
    """WORK with a copy of its lineage, which may be brought up to date."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Workspace(work.root, work.name)
        copied.lineage = Path(folder) / work.lineage.name
        if work.lineage.is_file():
            shutil.copyfile(work.lineage, copied.lineage)
        yield copied


def _presumed(work: Workspace) -> Iterator[Touched]:
    """WORK's model, report and bundle as they lie there."""
    if work.model.is_dir():
        yield _shaped("model", weights_digest(work.model), "tuned", "weights")
    if work.report.is_file():
        yield _shaped("report", digest_path(work.report), work.report.name, "figures")
    if is_bundle(work.bundle):
        bundle = Bundle.load(work.bundle)
        yield _shaped("bundle", bundle_digest(bundle), bundle.manifest.name, "weights")


def _shaped(kind: str, digest: str, name: str, use: Use) -> Touched:
    return Touched(artefact=Artefact(0, kind, digest, name), influences=[], uses=[use])
