"""API keys: one a line in a file, compared in constant time."""

import hashlib
import hmac
from pathlib import Path

from idiolect.errors import UsageError


class Keys:
    """The keys that a request may bear; without any, every request may pass."""

    def __init__(self, keys: list[str]) -> None:
        self._digests = [_digest(key) for key in keys]

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


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
