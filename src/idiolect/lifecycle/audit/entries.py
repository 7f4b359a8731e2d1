"""One entry of the audit log: what it holds, its line, and its hash: SHA-256 of RFC 8785's canonical JSON."""

import datetime
import hashlib
from typing import Any

import msgspec
import rfc8785

from idiolect.errors import AuditError
from idiolect.records import Record

ORIGIN = "0" * 64
"""What the first entry gives as the hash of the one before it."""

LONGEST = 300
"""Characters of a string in an entry at most: room for a reference, none for a passage."""


class Entry(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`seq` counts from 1, `time` is UTC in ISO 8601; `previous` is the `hash` of the entry before this one."""

    seq: int
    time: str
    event: str
    facts: dict[str, Any]
    previous: str
    hash: str

    @property
    def line(self) -> bytes:
        """The entry as it stands in the log: canonical JSON, without the newline."""
        return rfc8785.dumps(msgspec.structs.asdict(self))


class NoEntryError(ValueError):
    """What is wrong with a line that is no entry, or not the one that was written."""


def sealed(seq: int, event: str, facts: dict[str, Any], previous: str) -> Entry:
    """A new entry of now. Raises AuditError for facts that are no JSON, or that are more than references."""
    _refuse(event, "event")
    _refuse(facts, "facts")
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    entry = Entry(seq=seq, time=now, event=event, facts=facts, previous=previous, hash="")
    try:
        entry = msgspec.structs.replace(entry, hash=_hash(entry))
        parsed(entry.line)  # 1e20 is written as an integer that no reader may take for one
    except (rfc8785.CanonicalizationError, NoEntryError) as error:
        raise AuditError(
            f"an audit entry {event!r} cannot be written ({error}): give JSON values, of whole numbers below 2**53"
        ) from None
    return entry


def parsed(line: bytes) -> Entry:
    """The entry in a line. Raises NoEntryError where it is none, or not as it was written."""
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except msgspec.MsgspecError as error:
        raise NoEntryError(f"it is no entry ({error})") from None
    try:
        canonical, own = entry.line, _hash(entry)
    except rfc8785.CanonicalizationError as error:
        raise NoEntryError(f"it is no entry ({error})") from None
    if own != entry.hash:
        raise NoEntryError("it was edited: its hash is not that of what it says")
    if canonical != line:
        raise NoEntryError("it was edited: it says the same, but is not written as idiolect writes")
    return entry


def _hash(entry: Entry) -> str:
    said = msgspec.structs.asdict(entry)
    del said["hash"]
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()


def _refuse(value: Any, where: str) -> None:
    """Raise AuditError for what is no JSON value, and for a string that could be somebody's text."""
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise AuditError(
                f"audit log: {where} holds a string of {len(value):,} characters, more than {LONGEST}: "
                "give a digest or a name, never text"
            )
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise AuditError(f"audit log: {where} has the key {key!r}, which is no string")
            _refuse(key, where)
            _refuse(item, f"{where}.{key}"[:LONGEST])
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse(item, where)
    elif not isinstance(value, bool | int | float | None):
        raise AuditError(f"audit log: {where} is {type(value).__name__}, which is no JSON value")
