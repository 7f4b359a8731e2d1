"""The end of a file of lines that grows: its last whole line, and what a killed process left after that."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_BLOCK = 8_192


def whole(file: BinaryIO) -> int:
    """Where the last whole line ends, its newline included; 0 where there is none."""
    return _after_newline(file, file.seek(0, os.SEEK_END))


def last_line(file: BinaryIO) -> bytes:
    """The last whole line without its newline; empty where there is none."""
    end = whole(file)
    if not end:
        return b""
    start = _after_newline(file, end - 1)
    file.seek(start)
    return file.read(end - 1 - start)


def take_torn(file: BinaryIO) -> bytes:
    """Cut off what stands after the last whole line, and return it."""
    end = whole(file)
    file.seek(end)
    torn = file.read()
    if torn:
        file.truncate(end)
    return torn


def lines(path: Path, end: int) -> Iterator[bytes]:
    """The whole lines up to the byte `end`, without their newlines; none where the file is missing."""
    if not end:
        return
    with path.open("rb") as file:
        at = 0
        while at < end and (line := file.readline()):
            at += len(line)
            yield line.removesuffix(b"\n")


def _after_newline(file: BinaryIO, end: int) -> int:
    """Just after the last newline before the byte `end`; 0 where there is none."""
    while end:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
