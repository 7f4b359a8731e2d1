"""Vectors that were paid for once: a file of them per model, found again by the digest of their text."""

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from idiolect.runtimes.base import Kind, OnBatch, TextEncoder, Vectors

_KEY_BYTES = 16
_BLOCK = 2048


class CachedEncoder:
    """An encoder whose vectors are appended to `<directory>/<model digest>.f32` and never computed twice.

    Keys and vectors are two append-only files; a record counts once both hold it, so that a
    process killed between the two writes loses that record and nothing else.  A lock file makes
    appends of several processes follow one another.  `block`: how many texts are encoded between two
    writes, which is what a kill or a failing endpoint can lose.
    """

    def __init__(self, runtime: TextEncoder, directory: Path, block: int | None = None) -> None:
        self.runtime = runtime
        self.name, self.files = runtime.name, runtime.files
        self.block = block or _BLOCK
        self.dimension = runtime.files.dimension
        stem = directory / runtime.files.digest[:16]
        directory.mkdir(parents=True, exist_ok=True)
        self.keys_path, self.vectors_path = stem.with_suffix(".keys"), stem.with_suffix(".f32")
        self.lock_path = stem.with_suffix(".lock")
        with self._locked():
            self.rows = self._load()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self.lock_path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _load(self) -> dict[bytes, int]:
        """Key → row, after cutting off what a killed process wrote in only one of the files."""
        width = 4 * self.dimension
        sizes = [path.stat().st_size if path.exists() else 0 for path in (self.keys_path, self.vectors_path)]
        count = min(sizes[0] // _KEY_BYTES, sizes[1] // width)
        for path, size in ((self.keys_path, count * _KEY_BYTES), (self.vectors_path, count * width)):
            with path.open("ab") as file:
                file.truncate(size)
        keys = self.keys_path.read_bytes()
        return {keys[i * _KEY_BYTES : (i + 1) * _KEY_BYTES]: i for i in range(count)}

    def encode(self, texts: Sequence[str], kind: Kind, on_batch: OnBatch | None = None) -> Vectors:
        """float32 [texts, dimension], unit length; `on_batch` is told how many more are ready."""
        keys = [self._key(text, kind) for text in texts]
        missing: dict[bytes, str] = {}
        for key, text in zip(keys, texts, strict=True):
            if key not in self.rows:
                missing.setdefault(key, text)
        # a stable order, so that what one run encoded together the next encodes together
        order = sorted(missing, key=lambda key: len(missing[key]))
        if on_batch and len(missing) < len(texts):
            on_batch(len(texts) - len(missing))
        for start in range(0, len(order), self.block):
            block = order[start : start + self.block]
            self._append(block, self.runtime.encode([missing[key] for key in block], kind, on_batch=on_batch))
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        stored = np.memmap(self.vectors_path, np.float32, "r").reshape(-1, self.dimension)
        return np.asarray(stored[[self.rows[key] for key in keys]])

    def missing(self, texts: Sequence[str], kind: Kind) -> list[str]:
        """The different texts among these whose vectors would have to be computed."""
        return [text for text in dict.fromkeys(texts) if self._key(text, kind) not in self.rows]

    def _key(self, text: str, kind: Kind) -> bytes:
        full = self.runtime.files.prompt(kind) + text
        return hashlib.sha256(full.encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]

    def _append(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        with self._locked():
            self.rows = self._load()  # another process may have appended since
            with self.vectors_path.open("ab") as file:
                file.write(np.ascontiguousarray(vectors, np.float32).tobytes())
            with self.keys_path.open("ab") as file:
                file.write(b"".join(keys))
            self.rows |= {key: row for row, key in enumerate(keys, len(self.rows))}
