"""WORK as data: where each artefact lies, and what earlier runs left there."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from idiolect.errors import WorkspaceError
from idiolect.files import recover
from idiolect.holding import held

STAGE_LOCK = "idiolect.lock.json"
"""The file in WORK by which a folder is known to be one."""


class Workspace:
    """The folder that a run reads and writes; every path in it is named here, once.

    `name` is what its bundle is called, where that is not to be made of the folder's own name.
    """

    def __init__(self, root: Path, name: str = "") -> None:
        self.root = root
        self.name = name
        self.documents = root / "documents.jsonl"
        self.licences = root / "licences.jsonl"
        self.rejected_documents = root / "rejected_documents.jsonl"
        self.chunks = root / "chunks.jsonl"
        self.queries = root / "queries.jsonl"
        self.rejected = root / "rejected.jsonl"
        self.focuses = root / "focuses.json"
        self.negatives = root / "negatives.jsonl"
        self.generate_report = root / "generate_report.json"
        self.styles = root / "styles"
        self.splits = root / "splits.jsonl"
        self.train = root / "train.jsonl"
        self.dev = root / "dev.jsonl"
        self.dev_sets = root / "dev"
        self.test = root / "test"
        self.labelled = root / "labelled"
        self.rejected_labels = root / "rejected_labels.jsonl"
        self.frozen_test = root / "test.lock.json"
        self.mining = root / "mining.json"
        self.model = root / "model"
        self.selection = root / "selection.json"
        self.report = root / "report.json"
        self.report_page = root / "report.html"
        self.per_query = root / "per_query.jsonl"
        self.calibration = root / "calibration.json"
        self.compression = root / "compression.json"
        self.bundle = root / "bundle"
        self.manifests = root / "manifests"
        self.audit = root / "audit.jsonl"
        self.audit_head = root / "audit.head.json"
        self.lineage = root / "lineage.db"
        self.privacy_key = root / "privacy.key"
        self.erasing = root / "erasing.msgpack"
        self.suppressed = root / "suppressed.json"
        self.taint = root / "taint.json"
        self.retrain = root / "retrain.json"
        self.certificates = root / "certificates"
        self.feedback = root / "feedback.db"
        self.learnt = root / "learnt"
        self.learnt_queries = self.learnt / "queries.jsonl"
        self.drift = root / "drift.jsonl"
        self.drift_reference = root / "drift_reference.json"
        self.carried = root / "carried"
        self.carried_chunks = self.carried / "chunks.jsonl"
        self.carried_queries = self.carried / "queries.jsonl"
        self.carried_negatives = self.carried / "negatives.jsonl"
        self.carried_labels = self.carried / "labels.jsonl"
        self.carried_test = self.carried / "test.lock.json"
        self.carried_facts = self.carried / "facts.json"
        self.refreshing = root / "refreshing.json"
        self.refreshes = root / "refreshes.jsonl"
        self.stage_lock = root / STAGE_LOCK
        self.checkpoints = root / "checkpoints"
        self.cache = root / "cache"
        self.llm_cache = self.cache / "llm.sqlite"
        self.reading = self.cache / "reading"
        self.vectors = self.cache / "vectors"
        self.pair_scores = self.cache / "pairs"

    def require(self, path: Path, made_by: str) -> Path:
        """`path`, or WorkspaceError naming the command that makes it."""
        if not path.exists():
            raise WorkspaceError(f"{path} is not there yet: run `idiolect {made_by} -w {self.root}` first")
        return path

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold WORK for this process, and put right what killed runs left there.

        The system releases it when the process ends, however it ends.  Raises WorkspaceError naming
        the process that holds it already.
        """
        with held(self.root, WorkspaceError, "give another folder with -w"):
            self._recover()
            yield

    def _recover(self) -> None:
        for folder in (self.root, self.dev_sets, self.checkpoints, self.manifests, *self.cache.glob("**/")):
            recover(folder)
