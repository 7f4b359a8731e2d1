"""Events as they may be kept: users and sessions as keyed pseudonyms, all else masked as documents are."""

import hmac
import re
from functools import lru_cache
from pathlib import Path

import msgspec

from idiolect.config import Privacy
from idiolect.lifecycle.feedback.decoding import NoEventError
from idiolect.lifecycle.feedback.events import Action, Event, Hit, Impression
from idiolect.lifecycle.privacy import Masker, masker, name_masked
from idiolect.lifecycle.privacy.masking import reason
from idiolect.lifecycle.privacy.pseudonyms import key_at

_OWN = re.compile(r"(?:imp_)?[0-9a-f]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""Ids that a machine drew: the server's, and UUIDs."""

_SHOWN = 32
"""Hexadecimal digits of a pseudonym: 128 bits, so that no two people share one."""


def key_file(given: Privacy, own: Path) -> Path:
    """The file of the key, which `privacy.key` may name in place of WORK's own."""
    return Path(given.key) if given.key else own


def pseudonym(key: bytes, kind: str, name: str) -> str:
    """HMAC-SHA256 (RFC 2104) of a user's or session's name; empty for none."""
    if not name:
        return ""
    said = f"feedback {kind}\0{name}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, said, "sha256").hex()[:_SHOWN]


class Hiding:
    """Hides what tells of people; with one key, the same name is always the same pseudonym."""

    def __init__(self, settings: Privacy, key: Path) -> None:
        """The key is made where there is none.

        Raises MissingExtra where anything is to be looked for and Presidio is not installed, PrivacyError for a key
        that cannot be used.
        """
        self._masker: Masker = masker(settings, key)
        self._key = key_at(key_file(settings, key))
        self._named = lru_cache(10_000)(self._masked_name)
        self._said = lru_cache(1_000)(self._masker.text)

    def warm_up(self) -> None:
        """Find something of the kinds whose searches are long to load."""
        self._masker.masked("somebody.else@example.org, phone +49 30 901820, id 12345678901")

    def hidden(self, event: Event) -> Event:
        """Raises NoEventError where its query, or its id, cannot be masked or may not be kept."""
        return self._impression(event) if isinstance(event, Impression) else self._action(event)

    def _impression(self, event: Impression) -> Impression:
        return msgspec.structs.replace(
            event,
            id=self._identifier(event.id),
            query=self._text(event.query),
            hits=[self._hit(hit) for hit in event.hits],
            user=pseudonym(self._key, "user", event.user),
            session=pseudonym(self._key, "session", event.session),
            model=self._said(event.model),
            mode=self._said(event.mode),
            consent=True,
        )

    def _action(self, event: Action) -> Action:
        return msgspec.structs.replace(
            event,
            impression=self._identifier(event.impression),
            document=self._named(event.document),
            chunk=self._named(event.chunk),
            user=pseudonym(self._key, "user", event.user),
        )

    def _hit(self, hit: Hit) -> Hit:
        return msgspec.structs.replace(
            hit, document=self._named(hit.document), chunk=self._named(hit.chunk), team=self._said(hit.team)
        )

    def _identifier(self, name: str) -> str:
        return name if _OWN.fullmatch(name) else self._text(name)

    def _masked_name(self, name: str) -> str:
        """A document's id or path, or a chunk's id: its document's, # and a number."""
        document, number, rest = name.rpartition("#")
        if not (number and rest.isdigit()):
            return name_masked(name, self._masker)
        return name_masked(document, self._masker) + number + rest

    def _text(self, text: str) -> str:
        try:
            masked = self._masker.masked(text)
        except Exception as error:  # whatever a recogniser, or a model that finds names, raises
            raise NoEventError(f"it could not be masked ({type(error).__name__})") from None
        if masked.dropped:
            raise NoEventError(reason(masked.dropped))
        return masked.text
