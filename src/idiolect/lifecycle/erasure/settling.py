"""What a stage's run clears of an earlier erasure's taint: artefacts that were just made without the document."""

from collections.abc import Mapping

from idiolect.bundle import Bundle
from idiolect.files import digest_path, remove
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.erasure import taint
from idiolect.runtimes.layout import MANIFEST
from idiolect.runtimes.model_files import weights_digest
from idiolect.workspace import Workspace

SETTLED = "taint-settled"
"""The event of the audit log."""


def settle(work: Workspace, stage: str, outputs: Mapping[str, str]) -> None:
    """Take what `stage` has just made off WORK/taint.json, where it came out as it was; copies elsewhere stay on it.

    After an export nothing waits to be retrained.
    """
    if not work.taint.exists() and not work.retrain.exists():
        return
    digests = set(outputs.values())
    if stage == "train":
        digests.add(weights_digest(work.model))
    if stage == "export":
        digests |= {digest_path(work.bundle / MANIFEST), Bundle.load(work.bundle).manifest.model_digest}
        remove(work.retrain)
    for one in taint.settled(work.taint, digests):
        Chain(work.audit).append(SETTLED, stage=stage, kind=one.kind, digest=one.digest)
