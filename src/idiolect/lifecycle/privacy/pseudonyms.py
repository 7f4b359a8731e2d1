"""Pseudonyms: one for each value, the same wherever it stands, that nobody without the key can lead back to it.

HMAC-SHA256 (RFC 2104) of the kind and the value under a random key, of which eight letters are shown: of 50,000
values two share one with odds of 1 to 170.  No digits, so that nothing is found in a pseudonym again.
"""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from idiolect.errors import PrivacyError
from idiolect.lifecycle.privacy.entities import ENTITIES, Entity

PSEUDONYM = re.compile(r"<(?:" + "|".join(ENTITIES) + r"):[a-z]{8}>")
KEY_BYTES = 32
_SHOWN = 8


class Pseudonyms:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, entity: Entity, value: str) -> str:
        """ "<email:kfmwpcbr>" """
        digest = hmac.digest(self._key, f"{entity}\0{value}".encode("utf-8", "surrogatepass"), "sha256")
        letters = "".join(chr(ord("a") + byte % 26) for byte in digest[:_SHOWN])
        return f"<{entity}:{letters}>"


def key_at(path: Path) -> bytes:
    """The key in the file at `path`, which is made, for its owner's eyes alone, where there is none.

    Raises PrivacyError where it is no key or cannot be read or written.
    """
    try:
        if not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    except OSError as error:
        raise PrivacyError(f"the key of pseudonyms {path} cannot be used: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise PrivacyError(
            f"{path} is no key of {KEY_BYTES} bytes in hexadecimal: restore it, or remove it and ingest anew"
        )
    return key


def fingerprint(key: bytes) -> str:
    """What tells keys apart and says nothing of them."""
    return hashlib.sha256(b"idiolect pseudonyms\0" + key).hexdigest()[:32]


def _make(path: Path) -> None:
    """Of several processes that make it at once, one does, and the others use that one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # which takes no file's place, as a renaming would
    finally:
        draft.unlink()
