"""What would betray an erased document, and the search for it in bytes: many needles at once, at the pace of one."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

_HEAD = 8
"""Bytes that a needle has at least: those are looked up for every place of what is searched."""

_BITS = 22
_MIXED = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - _BITS)

_BLOCK = 1 << 24
"""Bytes of a file that are searched at once."""

_APART = re.compile(r"""[\s"'`\\<>&\x00-\x1f]*[\t\r\n"'`\\<>&\x00-\x1f][\s"'`\\<>&\x00-\x1f]*|\s{2,}""")
"""What JSON, HTML or an excerpt writes otherwise than the document: no needle goes across it."""


def windows(text: str) -> Iterator[str]:
    """Stretches of a text of which one at least is in any passage of it of some 50 characters.

    Of scripts that say more in a character they are shorter; what is shorter than 16 characters is no needle.
    """
    for piece in _APART.split(text):
        size = 32 if piece.isascii() else 16
        if len(piece) <= size:
            if len(piece) >= 16:
                yield piece
            continue
        for start in range(0, len(piece) - size, size // 2):
            yield piece[start : start + size]
        yield piece[-size:]


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class Finder:
    """Needles that are looked for together: the time does not grow with their number."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        self._by_head: dict[bytes, list[bytes]] = defaultdict(list)
        self._short: list[bytes] = []
        for needle in set(needles):
            if len(needle) < _HEAD:
                self._short.append(needle)
            else:
                self._by_head[needle[:_HEAD]].append(needle)
        self.longest = max((len(one) for part in self._by_head.values() for one in part), default=_HEAD)
        self._hashes = np.zeros(1 << _BITS, bool)
        if self._by_head:
            heads = np.frombuffer(b"".join(self._by_head), np.uint64)
            self._hashes[(heads * _MIXED) >> _SHIFT] = True

    def found(self, data: bytes) -> Iterator[bytes]:
        """The needles in `data`, some of them more than once."""
        yield from (needle for needle in self._short if needle in data)
        for place in self._candidates(data):
            for needle in self._by_head.get(data[place : place + _HEAD], ()):
                if data.startswith(needle, place):
                    yield needle

    def finds(self, data: bytes) -> bool:
        return next(self.found(data), None) is not None

    def in_file(self, path: Path) -> bytes | None:
        """A needle that is in the file, read in blocks."""
        held = b""
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                data = held + block
                if (needle := next(self.found(data), None)) is not None:
                    return needle
                held = data[-self.longest :]
        return None

    def _candidates(self, data: bytes) -> Iterator[int]:
        """Places where 8 bytes have the hash of some needle's head."""
        for offset in range(min(_HEAD, max(0, len(data) - _HEAD + 1)) if self._by_head else 0):
            words = np.frombuffer(data, np.uint64, (len(data) - offset) // _HEAD, offset)
            places = np.flatnonzero(self._hashes[(words * _MIXED) >> _SHIFT])
            yield from (places * _HEAD + offset).tolist()
