"""Vectors that were paid for once: a file of them per model, found again by the digest of their text."""

from collections.abc import Sequence
from pathlib import Path

from idiolect.mining.rows import BLOCK, Rows, key_of
from idiolect.runtimes.base import Kind, OnBatch, TextEncoder, Vectors


class CachedEncoder:
    """An encoder whose vectors are kept as rows of `<directory>/<model digest>` and never computed twice.

    `block`: how many texts are encoded between two writes, which is what a kill or a failing
    endpoint can lose.
    """

    def __init__(self, runtime: TextEncoder, directory: Path, block: int | None = None) -> None:
        self.runtime = runtime
        self.name, self.files = runtime.name, runtime.files
        self.block = block or BLOCK
        self.dimension = runtime.files.dimension
        self.rows = Rows(directory / runtime.files.digest[:16], self.dimension)

    def encode(self, texts: Sequence[str], kind: Kind, on_batch: OnBatch | None = None) -> Vectors:
        """float32 [texts, dimension], unit length; `on_batch` is told how many more are ready."""
        prompt = self.runtime.files.prompt(kind)
        keys = [key_of(prompt + text) for text in texts]
        missing = self.rows.missing(dict(zip(keys, texts, strict=True)))
        if on_batch and len(missing) < len(texts):
            on_batch(len(texts) - len(missing))
        self.rows.complete(
            missing,
            lambda block: self.runtime.encode(block, kind, on_batch=on_batch),
            size=len,
            block=self.block,
        )
        return self.rows.get(keys)

    def missing(self, texts: Sequence[str], kind: Kind) -> list[str]:
        """The different texts among these whose vectors would have to be computed."""
        prompt = self.runtime.files.prompt(kind)
        return list(self.rows.missing({key_of(prompt + text): text for text in texts}).values())
