"""Events out of a file: JSON lines, or a JSON list."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.decoding import NoEventError, SetAside, decoded
from idiolect.lifecycle.feedback.events import Event

LONGEST = 4 * 2**20
"""Bytes of a line: an impression of a thousand hits with names of the longest is hardly more."""

Read = tuple[int, Event] | SetAside
"""An event with its line, or its place in the list; or why there is none."""


def read_events(path: Path) -> Iterator[Read]:
    """What a file holds; `-` is stdin. Raises FeedbackError where it cannot be read, or is a list that is cut off."""
    if str(path) == "-":
        yield from _events(sys.stdin.buffer, "stdin")
        return
    try:
        with path.open("rb") as file:
            yield from _events(file, str(path))
    except OSError as error:
        raise FeedbackError(f"{path} cannot be read ({error.strerror}): give a file of events") from None


def _events(file: BinaryIO, name: str) -> Iterator[Read]:
    number, first = _beginning(file)
    if first.lstrip().startswith(b"["):
        yield from _listed(first + file.read(), name)
    elif first:
        yield from _lines(number, first, file)


def _beginning(file: BinaryIO) -> tuple[int, bytes]:
    """The first line that is not blank, with its number; b"" where there is none."""
    number = 1
    while line := file.readline(LONGEST + 1):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            return number, line
        number += 1
    return number, b""


def _listed(data: bytes, name: str) -> Iterator[Read]:
    try:
        entries = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        told = re.sub(r"`[^`]*`", "it", str(error))
        raise FeedbackError(f"{name} begins a JSON list and is none ({told}): mend it") from None
    for place, entry in enumerate(entries, 1):
        yield _read(place, bytes(entry))


def _lines(number: int, line: bytes, file: BinaryIO) -> Iterator[Read]:
    while line:
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST)
            yield SetAside(place=number, reason=f"the line is longer than {LONGEST // 2**20} MiB")
        elif line.strip():
            yield _read(number, line)
        number += 1
        line = file.readline(LONGEST + 1)


def _read(place: int, raw: bytes) -> Read:
    try:
        return place, decoded(raw)
    except NoEventError as error:
        return SetAside(place=place, reason=str(error))
