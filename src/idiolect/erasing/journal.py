"""What an erasure is about to do, kept until it is done: a killed one goes on from there, and nothing else knows how.

It holds names and texts of what is erased, and the key of the reference in the audit log: it is deleted last.
"""

import datetime
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec

from idiolect.erasing.gone import Gone
from idiolect.errors import PrivacyError
from idiolect.files import replacing
from idiolect.lifecycle.lineage.explaining import Touched
from idiolect.records import Record


class Journal(Record, frozen=True, kw_only=True):
    """`key` keys `reference`; `asked` and `copies` count documents, `texts` are what suppression knows them by.

    `removed` is what was counted before anything was taken out, `unknown` what nobody can say (see `reach`),
    `registry` the URI of one, or empty.
    """

    key: str
    began: str
    asked: int
    copies: int
    gone: Gone
    shared: int
    texts: list[str]
    stores: list[str]
    left: list[str]
    touched: list[Touched]
    unknown: list[str]
    removed: dict[str, int]
    registry: str
    audit_before: str

    @property
    def reference(self) -> str:
        """A keyed digest of the ids: without the key it leads nowhere."""
        said = "\0".join(sorted(self.gone.documents)).encode("utf-8", "surrogatepass")
        return hmac.new(bytes.fromhex(self.key), said, hashlib.sha256).hexdigest()


def fresh_key() -> str:
    return secrets.token_hex(32)


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def write(path: Path, journal: Journal) -> None:
    with replacing(path) as draft:
        with draft.open("wb") as file:
            file.write(msgspec.msgpack.encode(journal))
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o600)


def read(path: Path) -> Journal | None:
    """None where no erasure is unfinished. Raises PrivacyError for what cannot be read."""
    if not path.exists():
        return None
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Journal)
    except msgspec.MsgspecError as error:
        raise PrivacyError(
            f"{path}, which an unfinished erasure left, cannot be read ({error}): delete it and erase again"
        ) from None


def destroy(path: Path) -> None:
    """Overwrite, then delete: the key goes with it, as far as the file system overwrites in place."""
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
