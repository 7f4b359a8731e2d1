"""Megabytes of memory and disk that a stage takes: from the model's shape and the corpus's size."""

from dataclasses import dataclass

from idiolect.config import Config
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.model_size import MB, ModelSize
from idiolect.runtimes.encoder import CPU_BATCH_TOKENS
from idiolect.teachers.roundtrip import ranks

PROCESS = 70.0
"""MB of a process that reads and writes records."""

READER = 200.0
"""MB of a process that reads documents, with tokenizer and language model; large files take more."""

TORCH = 500.0
"""MB of a process that has torch, transformers and sentence-transformers loaded."""

CALIBRATION = 1.8
"""Measured peak of training to what the formula of activations says: autocast's second copies, float32
softmax and norms, and blocks that glibc keeps."""

_RECORD = 2.5  # bytes in memory for each of a chunk's text, several copies of which are alive
_TERM = 70.0  # bytes of one word while BM25 is indexed
_CHARACTERS_A_WORD = 6.0
_FORWARD = (
    95 * 4
)  # bytes for each of a batch's tokens and hidden units: one layer's, and the kernels' own caches
_ADAM = 4  # copies of the weights: themselves, gradients and AdamW's two moments
_TRACERS = 300.0  # MB of what traces, converts and runs graphs
_GRAPH_COPIES = 8  # of the weights while a graph is traced, saved, converted and compared


@dataclass(frozen=True)
class Sizes:
    """One run's amounts and its model; every figure is an estimate, in MB of a million bytes."""

    amounts: Amounts
    config: Config
    model: ModelSize
    step_passages: float
    workers: int

    def memory(self, stage: str) -> float:
        """Resident memory of the stage's process, or processes, at its highest."""
        function = getattr(self, f"_{stage}_memory")
        return float(function())

    def disk(self, stage: str) -> tuple[float, float]:
        """What the stage leaves in WORK, and what it needs besides while it runs."""
        function = getattr(self, f"_{stage}_disk")
        kept, passing = function()
        return float(kept), float(passing)

    def _ingest_memory(self) -> float:
        """The readers', all of them, and the fingerprints'."""
        return 2 * PROCESS + self.workers * READER + self.amounts.chunks * 1_500 / MB

    def _generate_memory(self) -> float:
        return self._searching(copies=4) if self.placed else PROCESS + self.texts * _RECORD

    def _prepare_memory(self) -> float:
        return self._searching(copies=4)

    def _train_memory(self) -> float:
        """Weights with AdamW's state, and the activations of all of a step's passages at once."""
        weights = self.model.weights_mb * (_ADAM + 3)
        return TORCH + weights + self.activations * CALIBRATION + self.texts * _RECORD + self.vectors * 2

    def _evaluate_memory(self) -> float:
        return self._searching(copies=5)

    def _export_memory(self) -> float:
        return TORCH + _TRACERS + self.model.weights_mb * _GRAPH_COPIES + self.texts

    def _searching(self, copies: int) -> float:
        forward = CPU_BATCH_TOKENS * self.model.hidden * _FORWARD / MB
        words = self.texts * MB / _CHARACTERS_A_WORD
        return (
            TORCH
            + self.model.weights_mb * 2
            + forward
            + self.vectors * copies
            + self.texts * _RECORD
            + words * _TERM / MB
        )

    @property
    def activations(self) -> float:
        """MB kept for the backward pass of one step, by layer: tokens × (34 hidden + 5 heads × length) bytes.

        Korthikanti et al. 2022 (arXiv 2205.05198, equation 1), in 16-bit floats, without recomputation.
        """
        length = self.amounts.passage_tokens
        tokens = self.step_passages * length
        each = 34 * self.model.hidden + 5 * self.model.heads * length
        return self.model.layers * tokens * each / MB

    @property
    def vectors(self) -> float:
        """MB of the corpus's vectors, float32."""
        return self.amounts.chunks * self.model.dimension * 4 / MB

    @property
    def placed(self) -> bool:
        """Whether generate encodes chunks and queries, so that prepare finds their vectors."""
        return ranks(self.config.generate)

    @property
    def missing(self) -> float:
        """MB of those of the corpus's vectors that WORK does not hold."""
        return self.vectors * (1 - self.amounts.encoded)

    @property
    def texts(self) -> float:
        """MB of all chunks' texts."""
        return self.amounts.characters / MB

    def _ingest_disk(self) -> tuple[float, float]:
        records = self.amounts.documents * 400 / MB + self.amounts.chunks * 300 / MB
        return 2 * self.texts + records, 2.2 * self.texts

    def _generate_disk(self) -> tuple[float, float]:
        answers = sum(300 * one.calls + 3 * one.completion_tokens for one in self.amounts.requests)
        vectors = self.missing + self._of(self.amounts.queries) if self.placed else 0.0
        return self.amounts.queries * 400 / MB + answers / MB + vectors, 0.0

    def _prepare_disk(self) -> tuple[float, float]:
        """Vectors, examples with their passages' texts, and the test's corpus."""
        chunk = self.texts / max(self.amounts.chunks, 1.0)
        each = self.config.prepare.listwise if self.amounts.masked else 1 + self.config.prepare.negatives
        examples = self.amounts.examples * 1.15 * each * (chunk + 100 / MB)
        dev = 2 * min(self.config.prepare.dev_corpus, self.amounts.chunks) * chunk
        written = self.amounts.examples * 1.15 + 2 * self.amounts.judging
        vectors = self._of(self.config.prepare.masked_queries)
        if not self.placed:
            vectors += self.missing + self._of(written)
        return vectors + examples + dev + self.texts * 1.2, 0.0

    def _of(self, queries: float) -> float:
        """MB of the vectors of so many queries."""
        return queries * self.model.dimension * 4 / MB

    def _train_disk(self) -> tuple[float, float]:
        """The model and the corpus's vectors by it; checkpoints with AdamW's state meanwhile."""
        checkpoints = 4 if self.config.train.soup else 3
        return self.model.weights_mb + self.vectors, checkpoints * 3 * self.model.weights_mb

    def _evaluate_disk(self) -> tuple[float, float]:
        return 0.1 + self.amounts.judging * 2_500 / MB, 0.0

    def _export_disk(self) -> tuple[float, float]:
        return self.model.weights_mb * (1 + len(self.config.export.formats)) + 1.0, 0.0
