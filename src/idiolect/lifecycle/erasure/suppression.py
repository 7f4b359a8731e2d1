"""Documents that were erased and must not come back: WORK/suppressed.json knows them by keyed digests alone.

Ingest asks it before anything of a document is written.  Whoever holds the file can test a guess against it,
nobody can read a name or a text out of it; deleting the file lets everything in again.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

from idiolect.errors import InputError, PrivacyError
from idiolect.files import read_json, write_json
from idiolect.records import Document, Record

ERASED = "erased: it is on the suppression list"
"""Why ingest sets such a document aside."""

_TOKEN = "erased-"


class Suppression(Record, frozen=True, kw_only=True):
    """HMAC-SHA256 under `key` of `names`, ids and paths, and of `texts`, so that a copy under another name is known."""

    key: str = ""
    names: list[str] = []
    texts: list[str] = []

    def covers(self, place: str, document: Document) -> bool:
        """Whether the document, which stands at `place`, was erased: by id, path or text."""
        if not self.key:
            return False
        names = {self._digest(name) for name in (place, document.id, document.path)}
        return not names.isdisjoint(self.names) or self._text(document.text) in self.texts

    def hidden(self, place: str) -> str:
        """The place, or a token for one that names what was erased: lists of what was set aside show it."""
        if not self.key or place.startswith(_TOKEN):
            return place
        return self.token(place) if self._digest(place) in self.names else place

    def token(self, place: str) -> str:
        return f"{_TOKEN}{self._digest(place)[:12]}"

    def with_more(self, names: Iterable[str], texts: Iterable[str]) -> "Suppression":
        keyed = self if self.key else Suppression(key=secrets.token_hex(32))
        return Suppression(
            key=keyed.key,
            names=sorted({*keyed.names, *map(keyed._digest, names)}),
            texts=sorted({*keyed.texts, *map(keyed._text, texts)}),
        )

    def _digest(self, name: str) -> str:
        given = name.encode("utf-8", "surrogatepass")
        return hmac.new(bytes.fromhex(self.key), given, hashlib.sha256).hexdigest()

    def _text(self, text: str) -> str:
        return self._digest("text\0" + normalised(text))


def normalised(text: str) -> str:
    """What two copies have in common that differ in case, line breaks or the kind of a character."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read(path: Path) -> Suppression:
    """Empty where there is no file. Raises PrivacyError where it cannot be read: nothing may slip in for that."""
    if not path.exists():
        return Suppression()
    try:
        return msgspec.convert(read_json(path), Suppression)
    except (InputError, msgspec.ValidationError, OSError) as error:
        raise PrivacyError(
            f"{path}, which keeps erased documents out, cannot be read ({error}): put it back from a copy, or delete "
            "it to let them in again"
        ) from None


def suppress(path: Path, names: Iterable[str], texts: Iterable[str]) -> None:
    """Add documents to the list; those that are on it already stay as they are."""
    write_json(path, read(path).with_more(names, texts))
