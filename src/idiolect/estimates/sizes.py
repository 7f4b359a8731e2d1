"""Megabytes of memory and disk that a stage takes: from the model's shape and the corpus's size."""

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.config import Config
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.given import GivenCorpus, given_corpora
from idiolect.estimates.machine import Machine
from idiolect.estimates.model_size import MB, ModelSize
from idiolect.estimates.steps import Step
from idiolect.runtimes.encoder import CPU_BATCH_TOKENS
from idiolect.runtimes.hardware import available_cpus
from idiolect.teachers.roundtrip import ranks

PROCESS = 70.0
"""MB of a process that reads and writes records."""

READER = 200.0
"""MB of a process that reads documents, with tokenizer and language model; large files take more."""

TORCH = 500.0
"""MB of a process that has torch, transformers and sentence-transformers loaded."""

CUDA = 2_500.0
"""MB that CUDA's libraries take of such a process's memory besides; a guess, not measured."""

CALIBRATION = 1.8
"""Measured peak of many steps to what autograd keeps of one: gradients of the activations, and holes between
blocks of changing sizes, which glibc does not fill again.
"""

_RECORD = 2.5  # bytes in memory for each of a chunk's text, several copies of which are alive
_TERM = 70.0  # bytes of one word while BM25 is indexed
_CHARACTERS_A_WORD = 6.0
_FORWARD = (
    95 * 4
)  # bytes for each of a batch's tokens and hidden units: one layer's, and the kernels' own caches
_TRACERS = 300.0  # MB of what traces, converts and runs graphs
_GRAPH_COPIES = 8  # of the weights while a graph is traced, saved, converted and compared


@dataclass(frozen=True)
class Sizes:
    """One run's amounts, its model and machine; every figure is an estimate, in MB of a million bytes.

    `guards` and `reported` are the BEIR folders that the config names.
    """

    amounts: Amounts
    config: Config
    model: ModelSize
    machine: Machine
    guards: Sequence[GivenCorpus] = ()
    reported: Sequence[GivenCorpus] = ()

    def memory(self, stage: str) -> float:
        """Resident memory of the stage's process, or processes, at its highest."""
        function = getattr(self, f"_{stage}_memory")
        return float(function())

    def gpu_memory(self, stage: str) -> float:
        """Memory of the GPU at its highest: training's, beside which encoding takes little."""
        steps = self._tunes_weights and self.config.train.epochs
        return self._learning if stage == "train" and steps else 0.0

    def disk(self, stage: str) -> tuple[float, float]:
        """What the stage leaves in WORK, and what it needs besides while it runs."""
        function = getattr(self, f"_{stage}_disk")
        kept, passing = function()
        return float(kept), float(passing)

    def _ingest_memory(self) -> float:
        """The readers', all of them, and the fingerprints'."""
        workers = self.config.ingest.workers or available_cpus()
        return 2 * PROCESS + workers * READER + self.amounts.chunks * 1_500 / MB

    def _generate_memory(self) -> float:
        return self._searching(copies=4) if self.placed else PROCESS + self.texts * _RECORD

    def _prepare_memory(self) -> float:
        return self._searching(copies=4)

    def _train_memory(self) -> float:
        """The steps'; or, after them, that of searching the corpus, or a guard, with the tuned model."""
        guards = [self._searching(4, one) + self.texts * _RECORD for one in self.guards]
        steps = self._stepping if self.config.train.epochs else 0.0
        return max([steps, self._searching(copies=4), *guards])

    def _evaluate_memory(self) -> float:
        """One set is searched at a time; the texts of all are kept."""
        given = (*self.guards, *self.reported)
        texts = sum(one.bytes for one in given) / MB
        sets = [self._searching(5, one) + self.texts * _RECORD for one in given]
        return max([self._searching(copies=5), *sets]) + texts

    def _export_memory(self) -> float:
        return TORCH + _TRACERS + self.model.weights_mb * _GRAPH_COPIES + self.texts

    @property
    def _stepping(self) -> float:
        """What is trained on, as texts and as the base's vectors, beside the model that learns."""
        held = TORCH + self.texts * _RECORD + self.vectors * 2 + self.examples
        if not self._tunes_weights:
            table = self._of(self.amounts.examples) + self.vectors
            return held + self._forward + 2 * self.model.float32_mb + 2 * table
        if self.machine.gpu:
            return held + CUDA + self.model.float32_mb
        return held + self._forward + self._learning

    @property
    def _learning(self) -> float:
        """The model, what its optimiser keeps, and the activations of a step."""
        activations = self._step.activations(self.model, self.machine.halves, eager=not self.machine.gpu)
        return self._step.weights(self.model) + activations * CALIBRATION

    @property
    def _step(self) -> Step:
        return Step(self.amounts, self.config)

    @property
    def _tunes_weights(self) -> bool:
        return self.config.train.adapter != "linear"

    @property
    def _forward(self) -> float:
        """Encoding a batch without training."""
        return CPU_BATCH_TOKENS * self.model.hidden * _FORWARD / MB

    def _searching(self, copies: int, corpus: GivenCorpus | None = None) -> float:
        """`copies` of a corpus's vectors, its texts and their words: WORK's corpus, or a given one."""
        texts = self.texts if corpus is None else corpus.bytes / MB
        vectors = self.vectors if corpus is None else self._of(corpus.passages)
        return (
            TORCH
            + self.model.float32_mb * 2
            + self._forward
            + vectors * copies
            + texts * _RECORD
            + texts / _CHARACTERS_A_WORD * _TERM
        )

    @property
    def vectors(self) -> float:
        """MB of the corpus's vectors, float32."""
        return self._of(self.amounts.chunks)

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

    @property
    def examples(self) -> float:
        """MB of the training examples, each with its passages' texts."""
        chunk = self.texts / max(self.amounts.chunks, 1.0)
        return self.amounts.examples * 1.15 * self._step.candidates * (chunk + 100 / MB)

    def _of(self, texts: float) -> float:
        """MB of the vectors of so many texts."""
        return texts * self.model.dimension * 4 / MB

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
        dev = 2 * min(self.config.prepare.dev_corpus, self.amounts.chunks) * chunk
        written = self.amounts.examples * 1.15 + 2 * self.amounts.judging
        vectors = self._of(self.config.prepare.masked_queries)
        if not self.placed:
            vectors += self.missing + self._of(written)
        return vectors + self.examples + dev + self.texts * 1.2, 0.0

    def _train_disk(self) -> tuple[float, float]:
        """The model and the corpus's vectors by it; checkpoints with AdamW's state meanwhile."""
        checkpoints = 4 if self.config.train.soup else 3
        return self.model.weights_mb + self.vectors, checkpoints * 3 * self._step.learning(self.model)

    def _evaluate_disk(self) -> tuple[float, float]:
        return 0.1 + self.amounts.judging * 2_500 / MB, 0.0

    def _export_disk(self) -> tuple[float, float]:
        return self.model.weights_mb * (1 + len(self.config.export.formats)) + 1.0, 0.0


def sizes(amounts: Amounts, config: Config, model: ModelSize, machine: Machine) -> Sizes:
    """With the BEIR folders that the config names and that are there."""
    evaluate = config.evaluate
    return Sizes(amounts, config, model, machine, given_corpora(evaluate.guard), given_corpora(evaluate.beir))
