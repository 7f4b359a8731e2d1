"""What a stage's run clears of an earlier erasure's taint: artefacts that were just made without the document."""

from collections.abc import Mapping

from idiolect.files import digest_path, remove
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.erasure import taint
from idiolect.lifecycle.lineage.recording import changed
from idiolect.runtimes.layout import MANIFEST
from idiolect.runtimes.model_files import weights_digest
from idiolect.workspace import Workspace

SETTLED = "taint-settled"
"""The event of the audit log."""

_BEFORE_EXPORT = ("prepare", "train", "evaluate")


def settle(work: Workspace, stage: str, outputs: Mapping[str, str]) -> None:
    """Take what `stage` has just made off WORK/taint.json, where it came out as it was; copies elsewhere stay on it.

    After an export of what was made anew nothing waits to be retrained.
    """
    if not work.taint.exists() and not work.retrain.exists():
        return
    digests = set(outputs.values())
    if stage == "train":
        digests.add(weights_digest(work.model))
    if stage == "export":
        if any(changed(work, one) for one in _BEFORE_EXPORT):
            return  # an erasure changed what they had read or made: the bundle holds what came of it before
        digests.add(digest_path(work.bundle / MANIFEST))
        remove(work.retrain)
    for one in taint.settled(work.taint, digests):
        Chain(work.audit).append(SETTLED, stage=stage, kind=one.kind, digest=one.digest)
