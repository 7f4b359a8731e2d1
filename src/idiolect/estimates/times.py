"""Seconds a stage takes: its encoding and training by measured rates, the rest by constants a benchmark gave.

Constants are seconds on two cores of a shared AMD EPYC machine, from `bench/estimates.py`; they
matter on small corpora, where all stages take seconds, and where a base is much faster than MiniLM.
"""

import math
from dataclasses import dataclass

from idiolect.config import Config
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.rates import Rates
from idiolect.estimates.steps import QUERY_TOKENS, Step
from idiolect.teachers.roundtrip import ranks

EVALUATIONS = 3
"""Dev evaluations an epoch: the trainer's own number."""

SHARES = 4
"""Shares of the change that dev is measured at, the base left out."""

_BOTH_SETS = 1.6  # passages of both dev sets to those of one: what they share is encoded once
_PROCESSES = 2.0  # to start the processes that read
_LINKING = 1e-4  # a chunk: duplicates and boilerplate
_COPYING = 1.1e-6  # a character: extractive queries
_INDEXING = 2.5e-4  # a chunk: BM25
_MINING = 1.2e-6  # a query and chunk: scored by both sides, fused, ranked
_PLACING = 1.2e-6  # a query and chunk: scored by both sides, fused, its place looked for in each
_FINDING = 2e-7  # a query and chunk: a stretch looked for
_RANKING = 6e-6  # a test query and chunk: five runs and four dimensions
_INTERVALS = 8.0  # bootstraps and permutations
_AGAIN = 4 / 3  # a step whose forward pass is run twice
_MAPPING = 20.0  # a linear map of the base's vectors, dev included
_TRACING = 20.0  # the ONNX graph of a model of MiniLM's 6 layers, and its conversion
_TRACED_LAYERS = 6
_PARITY_TEXTS = 360


@dataclass(frozen=True)
class Clock:
    """One run's amounts on one machine."""

    amounts: Amounts
    config: Config
    rates: Rates
    layers: int
    workers: int
    given: float = 0.0
    """Tokens of the BEIR folders that are reported on."""

    def seconds(self, stage: str) -> float:
        """Wall seconds of a stage in a process of its own; an LLM's answers are not among them."""
        function = getattr(self, stage)
        return float(function())

    def ingest(self) -> float:
        amounts = self.amounts
        return _PROCESSES + amounts.read_seconds / self.workers + amounts.chunks * _LINKING

    def generate(self) -> float:
        if self.config.generate.teacher != "llm":
            return 1.0 + self.amounts.characters * _COPYING
        return 1.0 + (self.placing() if ranks(self.config.generate) else 0.0)

    def placing(self) -> float:
        """Vectors of chunks and queries by the base, and where each query finds its chunk."""
        amounts = self.amounts
        chunks = amounts.chunks * (1 - amounts.encoded) * amounts.chunk_tokens
        return (
            self.rates.start
            + self.encoding(chunks + amounts.queries * QUERY_TOKENS)
            + amounts.chunks * (_INDEXING + amounts.queries * _PLACING)
        )

    def prepare(self) -> float:
        """Vectors of chunks, of masked passages and of all queries; mining; looking for stretches.

        Where generate has ranked its queries, WORK holds their vectors and those of the chunks.
        """
        amounts = self.amounts
        placed = ranks(self.config.generate)
        encoded = 1.0 if placed else amounts.encoded
        queries = self.masked + (0.0 if placed else amounts.examples * 1.15 + amounts.judging)
        tokens = (amounts.chunks * (1 - encoded) + 2 * self.masked) * amounts.chunk_tokens
        looked_for = self.masked + (2 * amounts.judging if amounts.masked else 0)
        return (
            self.rates.start
            + self.encoding(tokens + queries * QUERY_TOKENS)
            + amounts.chunks * 2 * _INDEXING
            + amounts.chunks * (amounts.examples * 1.15 * _MINING + looked_for * _FINDING)
        )

    def train(self) -> float:
        """The steps, dev at each evaluation and at each share, and the corpus's vectors by the tuned model."""
        amounts = self.amounts
        if not amounts.examples:
            return self.rates.start
        if self.config.train.adapter == "linear":  # of vectors that prepare has left
            return 2 * self.rates.start + _MAPPING
        evaluations = EVALUATIONS * self.config.train.epochs
        again = _AGAIN if self.config.train.micro_batch else 1.0
        stepping = self.steps * Step(amounts, self.config).tokens / self.rates.train * again
        training = stepping + self.encoding(evaluations * self.dev_tokens)
        refit = (amounts.chunks + 2 * self.masked) * amounts.chunk_tokens
        rest = self.encoding((1 + _BOTH_SETS * SHARES) * self.dev_tokens + refit)
        limit = 60 * self.config.train.max_minutes or math.inf
        return 2 * self.rates.start + min(training, limit) + rest

    def evaluate(self) -> float:
        """Masked passages by both models, BEIR folders by both, rankings of the test and their intervals."""
        amounts = self.amounts
        passages = 2 * amounts.judging * amounts.chunk_tokens if amounts.masked else 0.0
        queries = 2 * amounts.judging * QUERY_TOKENS
        return (
            2 * self.rates.start
            + self.encoding(passages + queries + 2 * self.given)
            + amounts.chunks * (2 * _INDEXING + amounts.judging * _RANKING)
            + _INTERVALS
        )

    def export(self) -> float:
        """The graphs, and a sample of texts by every runtime, float32 in one of them."""
        formats = len(self.config.export.formats)
        compared = (2 + formats) * _PARITY_TEXTS * self.amounts.chunk_tokens
        tracing = _TRACING * max(self.layers, 1) / _TRACED_LAYERS if formats else 0.0
        return 2 * self.rates.start + tracing + self.encoding(compared)

    def encoding(self, tokens: float) -> float:
        return tokens / self.rates.encode

    @property
    def masked(self) -> float:
        return min(float(self.config.prepare.masked_queries), self.amounts.asked)

    @property
    def dev_tokens(self) -> float:
        """Tokens of the passages that a checkpoint is ranked over."""
        passages = min(float(self.config.prepare.dev_corpus), self.amounts.chunks)
        return passages * self.amounts.chunk_tokens

    @property
    def steps(self) -> int:
        return math.ceil(self.amounts.examples / self.config.train.batch_size) * self.config.train.epochs
