"""The audit log: JSON lines that are only ever added to, each sealed with the hash of the one before it.

audit.jsonl      the entries
audit.head.json  the last one's number and hash: the local anchor, which finds a log that was cut

The head is replaced after each append: it may lag behind the log by what a killed process had just written, and
never leads it. Who keeps a head elsewhere can later prove that nothing up to there was changed, whoever held the files.
"""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from idiolect.errors import AuditError, InputError, UsageError
from idiolect.files import read_json, replacing
from idiolect.lifecycle.audit.entries import ORIGIN, Entry, NoEntryError, parsed, sealed
from idiolect.lifecycle.audit.tail import last_line, lines, take_torn, whole
from idiolect.lifecycle.audit.walking import walked
from idiolect.records import Record

TORN = "torn"
"""The event that says that a killed process had left part of a line, which never was an entry."""


class Head(Record, frozen=True, kw_only=True):
    """An entry's number and hash, in words `seq:hash`; 0 and zeros stand for the beginning."""

    seq: int = 0
    hash: str = ORIGIN

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Raises UsageError for what is not `seq:hash`."""
        found = re.fullmatch(r"(\d{1,15}):([0-9a-f]{64})", text.strip())
        if found is None:
            raise UsageError(f"{text!r} is no anchor: give SEQ:HASH as `idiolect audit verify` prints it")
        return cls(seq=int(found[1]), hash=found[2])


class Verified(Record, frozen=True, kw_only=True):
    """A log that is whole: `first` and `last` are its entries' times; `lag` is by how many the head file lags.

    `unfinished` counts the bytes of a line at the end that is being written, or that a killed process left.
    """

    entries: int
    first: str
    last: str
    head: Head
    lag: int = 0
    unfinished: int = 0


class Chain:
    """The log in `path`; several processes may append to it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head_path = path.with_suffix(".head.json")

    def append(self, event: str, /, **facts: Any) -> Entry:
        """Add an entry; it is on the disk when this returns.

        Part of a line that a killed process left is taken out, and an entry says so. Raises AuditError for facts
        that are more than references, and where log and head do not fit: then nothing is added.
        """
        with self._locked() as file:
            last = self._last(file)
            entry = sealed(last.seq + 1, event, facts, last.hash)
            torn = take_torn(file)
            if torn:
                told = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
                last = self._write(file, sealed(last.seq + 1, TORN, told, last.hash))
                entry = sealed(last.seq + 1, event, facts, last.hash)
            self._write(file, entry)
            return entry

    def ready(self) -> None:
        """Raise AuditError now where `append` would."""
        if self.path.exists() or self.head_path.exists():
            with self._locked() as file:
                self._last(file)

    def head(self) -> Head:
        """The last entry that the head file knows. Raises AuditError where it is missing beside a log."""
        if not self.head_path.exists():
            if self.path.exists() and self.path.stat().st_size:
                raise AuditError(
                    f"{self.head_path} is missing beside {self.path.name}: an idiolect that appends leaves both"
                )
            return Head()
        try:
            return msgspec.convert(read_json(self.head_path), Head)
        except (InputError, msgspec.ValidationError) as error:
            raise AuditError(f"{self.head_path} is no head of an audit log: {error}") from None

    def entries(self) -> Iterator[Entry]:
        """The entries as they stand there; `verify` says whether they are those that were written."""
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield msgspec.json.decode(line, type=Entry)

    def verify(self, anchor: Head | None = None) -> Verified:
        """Walk the whole log; against `anchor` as well, where one was kept elsewhere.

        Raises AuditError naming the first entry that was edited, moved, put in or taken out, or saying that the log
        was cut.
        """
        if not self.path.exists():
            return self._walk(self.head(), anchor, 0, 0)
        with self.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)  # between two appends; they may go on while the lines are read
            size, end = file.seek(0, os.SEEK_END), whole(file)
            known = self.head()
        return self._walk(known, anchor, end, size - end)

    def _walk(self, known: Head, anchor: Head | None, end: int, unfinished: int) -> Verified:
        """The lines up to the byte `end`, against a head and an anchor."""
        first = last = ""
        reached = Head()
        hashes = {0: ORIGIN}
        for entry in walked(self.path, lines(self.path, end)):
            first = first or entry.time
            last = entry.time
            reached = Head(seq=entry.seq, hash=entry.hash)
            if entry.seq == known.seq or (anchor and entry.seq == anchor.seq):
                hashes[entry.seq] = entry.hash
        self._holds(known, reached, hashes, f"what {self.head_path.name} holds")
        if anchor:
            self._holds(anchor, reached, hashes, "the anchor given")
        if not reached.seq:
            raise AuditError(f"{self.path} has no entry: nothing was run in {self.path.parent} yet")
        return Verified(
            entries=reached.seq,
            first=first,
            last=last,
            head=reached,
            lag=reached.seq - known.seq,
            unfinished=unfinished,
        )

    def _holds(self, known: Head, reached: Head, hashes: dict[int, str], what: str) -> None:
        if known.seq > reached.seq:
            raise AuditError(
                f"{self.path} was cut: it ends at entry {reached.seq:,}, and {what} is entry {known.seq:,}"
            )
        if hashes[known.seq] != known.hash:
            raise AuditError(
                f"{self.path}: entry {known.seq:,} is not {what}: it was replaced, and all after it"
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """The log opened to append, for this process alone; the system lets go of it however the process ends."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not file.seek(0, os.SEEK_END) and not self.head_path.exists():
                # before the first line, so that a log without a head was tampered with
                self._write_head(Head())
            yield file

    def _last(self, file: BinaryIO) -> Head:
        """The last entry. Raises AuditError where that, or the head file, is not what an append left."""
        known, line = self.head(), last_line(file)
        reached = before = Head()
        cure = f"see `idiolect audit verify`, and move {self.path.name} and {self.head_path.name} away to begin anew"
        if line:
            try:
                entry = parsed(line)
            except NoEntryError as error:
                raise AuditError(f"{self.path}: of the last line, {error}; {cure}") from None
            reached = Head(seq=entry.seq, hash=entry.hash)
            before = Head(seq=entry.seq - 1, hash=entry.previous)
        if known in (reached, before):
            return reached
        if known.seq >= reached.seq:
            raise AuditError(
                f"{self.path} does not end with entry {known.seq:,}, as {self.head_path.name} says; {cure}"
            )
        self._walk(known, None, whole(file), 0)
        return reached

    def _write(self, file: BinaryIO, entry: Entry) -> Head:
        file.write(entry.line + b"\n")
        file.flush()
        os.fsync(file.fileno())
        head = Head(seq=entry.seq, hash=entry.hash)
        self._write_head(head)
        return head

    def _write_head(self, head: Head) -> None:
        with replacing(self.head_path) as temporary, temporary.open("wb") as file:
            file.write(msgspec.json.encode(head) + b"\n")
            file.flush()
            os.fsync(file.fileno())
