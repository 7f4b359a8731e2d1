"""Events out of a file: JSON lines, or a JSON list."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.decoding import NoEventError, SetAside, UnusableError, decoded
from idiolect.lifecycle.feedback.events import Event

LONGEST = 4 * 2**20
"""Bytes of a line: an impression of a thousand hits with names of the longest is hardly more."""

Read = tuple[int, Event] | SetAside
"""An event with its line, or its place in the list; or why there is none."""


def read_events(path: Path) -> Iterator[Read]:
    """What a file holds; `-` is stdin.

    Raises FeedbackError where it cannot be read, is a list that is cut off, or, at its end, where all that it held is
    no event.
    """
    if str(path) == "-":
        yield from _events(sys.stdin.buffer, "stdin")
        return
    try:
        with path.open("rb") as file:
            yield from _events(file, str(path))
    except OSError as error:
        raise FeedbackError(f"{path} cannot be read ({error.strerror}): give a file of events") from None


def _events(file: BinaryIO, name: str) -> Iterator[Read]:
    first: SetAside | None = None
    shaped = False
    for place, raw in _entries(file, name):
        try:
            read: Read = place, decoded(_short(raw))
            shaped = True
        except NoEventError as error:
            read = SetAside(place=place, reason=str(error))
            shaped = shaped or isinstance(error, UnusableError)
            first = first or read
        yield read
    if first and not shaped:
        raise FeedbackError(
            f"{name} holds no event (at {first.place}: {first.reason}): give impressions and actions, one a line"
        )


def _entries(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Places and what stands there; of a line that is too long, its beginning."""
    number, first = _beginning(file)
    if first.lstrip().startswith(b"["):
        yield from _listed(first + file.read(), name)
    elif first:
        yield from _lines(number, first, file)


def _short(raw: bytes) -> bytes:
    if len(raw) > LONGEST:
        raise NoEventError(f"it is longer than {LONGEST // 2**20} MiB")
    return raw


def _beginning(file: BinaryIO) -> tuple[int, bytes]:
    """The first line that is not blank, with its number; b"" where there is none."""
    number = 1
    while line := file.readline(LONGEST + 1):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            return number, line
        number += 1
    return number, b""


def _listed(data: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    try:
        entries = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        told = re.sub(r"`[^`]*`", "it", str(error))
        raise FeedbackError(f"{name} begins a JSON list and is none ({told}): mend it") from None
    for place, entry in enumerate(entries, 1):
        yield place, bytes(entry)


def _lines(number: int, line: bytes, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while line:
        if line.strip():
            yield number, line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)
        number += 1
        line = file.readline(LONGEST + 1)
