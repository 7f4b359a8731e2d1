"""Going through a chain of entries, and saying where it is broken, and how."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from idiolect.errors import AuditError
from idiolect.lifecycle.audit.entries import ORIGIN, Entry, NoEntryError, parsed


def walked(path: Path, lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries in the lines of the log `path`, each found to follow from the one before it.

    Raises AuditError naming the first that does not. One line is held at a time.
    """
    rest = iter(lines)
    expected, previous = 1, ORIGIN
    for line in rest:
        try:
            entry = parsed(line)
        except NoEntryError as error:
            raise AuditError(f"{path}, line {expected:,}: {error}") from None
        if entry.seq < expected:
            raise AuditError(
                f"{path}, line {expected:,}: entry {entry.seq:,} stands where {expected:,} should: "
                "it was moved there, or put in"
            )
        if entry.seq > expected:
            raise AuditError(f"{path}, line {expected:,}: {_gone(rest, expected, entry.seq)}")
        if entry.previous != previous:
            raise AuditError(
                f"{path}, line {expected:,}: entry {expected:,} does not follow from the one before it: one of the "
                "two was edited or replaced, and hashed anew"
            )
        yield entry
        expected, previous = expected + 1, entry.hash


def _gone(rest: Iterator[bytes], expected: int, found: int) -> str:
    """What became of the entry that should have come: it stands further down, or nowhere."""
    if any(_number(line) == expected for line in rest):
        return f"out of order: entry {found:,} stands before entry {expected:,}"
    missing = (
        f"entry {expected:,} is" if found == expected + 1 else f"entries {expected:,} to {found - 1:,} are"
    )
    return f"{missing} missing: entry {found:,} stands there"


def _number(line: bytes) -> int:
    try:
        return msgspec.json.decode(line, type=Entry).seq
    except msgspec.MsgspecError:
        return 0
