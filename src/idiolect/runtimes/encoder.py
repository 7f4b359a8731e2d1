"""What the runtimes share: sort by length, batch under a token budget, restore the order."""

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from idiolect.runtimes.base import Kind, OnBatch, TokenIds, Truncate, Vectors
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.tokens import IntArray, TextTokenizer, batches, pad

CPU_BATCH_TOKENS = 4096
"""Padded tokens in a batch; on CPUs larger ones fall out of the cache and are slower."""

WINDOW = 16_384
"""Texts whose tokens are held at once: enough to sort well, small enough for any corpus."""


class Encoder(ABC):
    """A `Runtime` whose subclass only computes one padded batch."""

    name: str
    precision: str
    row_tokens = 0
    step = 1
    """Batches are padded to a multiple of so many tokens: for a runtime to which every new shape is dear."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self.max_batch_tokens = CPU_BATCH_TOKENS
        self.tokenizer = TextTokenizer(files)
        self._lock = threading.Lock()

    @abstractmethod
    def forward(self, ids: IntArray, mask: IntArray) -> Vectors:
        """Vectors [texts, dimension] of one padded batch [texts, length]; called by one thread at a time."""

    @contextlib.contextmanager
    def _ready(self) -> Iterator[None]:
        """Held round a run of batches; for a runtime that must set its model up for them."""
        yield

    def tokens(self, texts: Sequence[str], kind: Kind, truncate: Truncate | None = "END") -> list[TokenIds]:
        return self.tokenizer.tokens(texts, kind, truncate)

    def encode(self, texts: Sequence[str], kind: Kind, on_batch: OnBatch | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.files.dimension), dtype=np.float32)
        for start in range(0, len(texts), WINDOW):
            window = self.tokens(texts[start : start + WINDOW], kind)
            vectors[start : start + WINDOW] = self.encode_tokens(window, on_batch)
        return vectors

    def encode_tokens(self, tokens: Sequence[TokenIds], on_batch: OnBatch | None = None) -> Vectors:
        vectors = np.empty((len(tokens), self.files.dimension), dtype=np.float32)
        with self._lock, self._ready():
            for rows in self._passes([len(ids) for ids in tokens]):
                vectors[rows] = self._encode_pass([tokens[row] for row in rows])
                if on_batch is not None:
                    on_batch(len(rows))
        return unit(vectors)

    def multiplied(self, lengths: Sequence[int]) -> int:
        return sum(len(rows) * self._width(lengths[rows[0]]) for rows in self._passes(lengths))

    def _passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Indices into `lengths` in the passes that are made of them, longest first."""
        return batches(lengths, self.max_batch_tokens)

    def _encode_pass(self, tokens: Sequence[TokenIds]) -> Vectors:
        """Vectors [texts, dimension] of one pass, longest text first."""
        return self.forward(*pad(tokens, self.tokenizer.padding, self._width(len(tokens[0]))))

    def _width(self, longest: int) -> int:
        """Tokens that a batch is padded to, within what the model takes."""
        return min(-(-longest // self.step) * self.step, max(longest, self.files.max_tokens))


def unit(vectors: Vectors) -> Vectors:
    """The rows of `vectors` scaled to unit length; a row of zeros stays."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(norms, np.float32(1e-12))
    return scaled
