"""Vectors that were asked for lately, within a bound of memory."""

from collections import OrderedDict

from idiolect.runtimes.base import Vectors

OVERHEAD = 300
"""Bytes that an entry costs beside its key and its numbers: two objects and a place in the table."""


class VectorCache:
    """The least recently used entries go first; not safe to share between threads without a lock."""

    def __init__(self, most_bytes: int) -> None:
        """With 0, nothing is kept."""
        self.most_bytes = most_bytes
        self.bytes = 0
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, key: bytes) -> Vectors | None:
        """The vector [dimension] of a key, which now counts as used last."""
        vector = self._vectors.get(key)
        if vector is not None:
            self._vectors.move_to_end(key)
        return vector

    def put(self, key: bytes, vector: Vectors) -> None:
        """Keep a copy of `vector`, which may be a row of something larger."""
        size = _size(key, vector)
        if size > self.most_bytes or key in self._vectors:
            return
        self._vectors[key] = vector.copy()
        self.bytes += size
        while self.bytes > self.most_bytes:
            self.bytes -= _size(*self._vectors.popitem(last=False))


def _size(key: bytes, vector: Vectors) -> int:
    return len(key) + int(vector.nbytes) + OVERHEAD
