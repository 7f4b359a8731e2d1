"""Numbers that were paid for once: rows of them in two append-only files, found again by the digest of a text."""

import contextlib
import fcntl
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from idiolect.runtimes.base import Vectors

T = TypeVar("T")

_KEY_BYTES = 16
BLOCK = 2048
"""Rows made between two writes, unless told otherwise: what a kill can lose."""


def key_of(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]


class Rows:
    """Rows of `width` float32 numbers in `<stem>.f32`, their keys in `<stem>.keys`.

    A row counts once both files hold it, so that a process killed between the two writes loses
    that row and nothing else.  A lock file makes appends of several processes follow one another.
    """

    def __init__(self, stem: Path, width: int) -> None:
        self.width = width
        stem.parent.mkdir(parents=True, exist_ok=True)
        self.keys_path, self.rows_path = stem.with_suffix(".keys"), stem.with_suffix(".f32")
        self.lock_path = stem.with_suffix(".lock")
        with self._locked():
            self._places = self._load()

    def missing(self, wanted: Mapping[bytes, T]) -> dict[bytes, T]:
        """What of `wanted` has no row yet."""
        return {key: item for key, item in wanted.items() if key not in self._places}

    def complete(
        self,
        missing: Mapping[bytes, T],
        make: Callable[[list[T]], Vectors],
        size: Callable[[T], int],
        block: int = BLOCK,
    ) -> None:
        """Make and append the rows of what is `missing`, the smallest first, a block at a time."""
        # a stable order, so that what one run made together the next makes together
        order = sorted(missing, key=lambda key: size(missing[key]))
        for start in range(0, len(order), block):
            keys = order[start : start + block]
            self.append(keys, make([missing[key] for key in keys]))

    def get(self, keys: Sequence[bytes]) -> Vectors:
        """float32 [keys, width]; all of them must be there."""
        if not keys:
            return np.zeros((0, self.width), np.float32)
        stored = np.memmap(self.rows_path, np.float32, "r").reshape(-1, self.width)
        return np.asarray(stored[[self._places[key] for key in keys]])

    def append(self, keys: Sequence[bytes], rows: Vectors) -> None:
        """Add the rows whose keys have none yet: another process, or reader of these files, may have been first."""
        with self._locked():
            self._places = self._load()
            new = [number for number, key in enumerate(keys) if key not in self._places]
            start = (
                self.keys_path.stat().st_size // _KEY_BYTES
            )  # older files have a key twice: its places are fewer
            with self.rows_path.open("ab") as file:
                file.write(np.ascontiguousarray(rows[new], np.float32).tobytes())
            with self.keys_path.open("ab") as file:
                file.write(b"".join(keys[number] for number in new))
            self._places |= {keys[number]: place for place, number in enumerate(new, start)}

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self.lock_path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _load(self) -> dict[bytes, int]:
        """Key → place, after cutting off what a killed process wrote in only one of the files."""
        width = 4 * self.width
        sizes = [path.stat().st_size if path.exists() else 0 for path in (self.keys_path, self.rows_path)]
        count = min(sizes[0] // _KEY_BYTES, sizes[1] // width)
        for path, size in ((self.keys_path, count * _KEY_BYTES), (self.rows_path, count * width)):
            with path.open("ab") as file:
                file.truncate(size)
        keys = self.keys_path.read_bytes()
        return {keys[i * _KEY_BYTES : (i + 1) * _KEY_BYTES]: i for i in range(count)}
