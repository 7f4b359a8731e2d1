"""Corpora that are read row by row: lines of bounded length, and what becomes of a file that breaks off."""

from collections.abc import Iterator
from typing import Protocol

from idiolect.errors import InputError
from idiolect.readers.base import Entry

_BLOCK = 1 << 20


class Stream(Protocol):
    def readline(self, size: int, /) -> bytes: ...


def until_broken(entries: Iterator[Entry], errors: tuple[type[Exception], ...]) -> Iterator[Entry]:
    """The entries up to the first of `errors`, which becomes the last entry.

    Places end in the row's number.  Raises InputError where not even one entry is sound.
    """
    place = ""
    try:
        for entry in entries:
            place = entry.place
            yield entry
    except errors as error:
        reason = f"corrupt: {' '.join(str(error).split()) or type(error).__name__}"
        if not place:
            raise InputError(reason) from None
        stem, _, line = place.rpartition(":")
        yield Entry(reason=f"{reason}, after line {line}", place=f"{stem}:{int(line) + 1}")


def bounded_lines(stream: Stream, largest: int) -> Iterator[bytes]:
    """The lines of a stream; of one that is longer than `largest` bytes, one byte more than that."""
    while line := stream.readline(largest + 1):
        complete = line.endswith(b"\n") or len(line) <= largest
        while not complete:
            tail = stream.readline(_BLOCK)
            complete = not tail or tail.endswith(b"\n")
        yield line
