"""API keys: one a line in a file, as it is or as `sha256:` and its hash, compared in constant time.

`printf %s "$KEY" | sha256sum` prints the hash of a key, so that the file need not hold the key itself.
"""

import hashlib
import hmac
from pathlib import Path

from idiolect.errors import UsageError

HASHED = "sha256:"


class Keys:
    """The keys that a request may bear; without any, every request may pass."""

    def __init__(self, keys: list[str]) -> None:
        """Raises UsageError for a `sha256:` that no hash follows."""
        self._digests = [_stored(key) for key in keys]

    @classmethod
    def read(cls, path: Path | None) -> "Keys":
        """Raises UsageError for a file that cannot be read or holds no key."""
        if path is None:
            return cls([])
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--api-key-file {path} cannot be read ({error})") from None
        keys = [line.strip() for line in lines if line.strip()]
        if not keys:
            raise UsageError(f"--api-key-file {path} holds no key: write one a line")
        return cls(keys)

    @property
    def guarding(self) -> bool:
        return bool(self._digests)

    def admit(self, authorization: str | None) -> bool:
        """Whether an Authorization header holds `Bearer` and one of the keys."""
        if not self.guarding:
            return True
        scheme, _, key = (authorization or "").partition(" ")
        given = _digest(key.strip())
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        return any(matches) and scheme.lower() == "bearer"


def _stored(line: str) -> bytes:
    if not line.startswith(HASHED):
        return _digest(line)
    try:
        digest = bytes.fromhex(line.removeprefix(HASHED).strip())
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise UsageError(
            "--api-key-file: a line begins with sha256: but no hash of 64 hexadecimal digits follows; "
            'printf %s "$KEY" | sha256sum prints one'
        )
    return digest


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
