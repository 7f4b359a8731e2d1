"""A text with pseudonyms in place of what was found in it, and where its characters have gone."""

import secrets
from bisect import bisect_right
from collections import Counter
from pathlib import Path
from typing import Any

from idiolect.config import Privacy
from idiolect.lifecycle.privacy.detecting import Detector
from idiolect.lifecycle.privacy.entities import WORDED, Entity
from idiolect.lifecycle.privacy.names import check_model
from idiolect.lifecycle.privacy.pseudonyms import KEY_BYTES, Pseudonyms, fingerprint, key_at
from idiolect.lifecycle.privacy.recognisers import check_installed
from idiolect.records import Record


class Masked(Record, frozen=True, kw_only=True):
    """`edges`: of each replacement its end before and after, in text order; `starts`, where each began.

    `counts` are of what was masked; `dropped` names the first kind for which the whole document is to go.
    """

    text: str
    counts: dict[Entity, int] = {}
    dropped: Entity | None = None
    starts: list[int] = []
    edges: list[tuple[int, int]] = []

    def moved(self, position: int) -> int:
        """Where a position of the original is now: inside of what was replaced, that is its end."""
        index = bisect_right(self.starts, position) - 1
        if index < 0:
            return position
        if position == self.starts[index]:
            end, now = self.edges[index - 1] if index else (0, 0)
            return position - end + now
        end, now = self.edges[index]
        return now + max(position - end, 0)


class Masker:
    """Masks, drops or leaves what is found, as the settings say for each kind.

    The key is read, or made, when the first pseudonym is needed; without a file, it is this masker's own.
    """

    def __init__(self, settings: Privacy, key: Path | None) -> None:
        self.settings = settings
        self.key = key
        self._detector = Detector(settings)
        self._pseudonyms: Pseudonyms | None = None

    @property
    def fingerprint(self) -> str:
        """What tells the key from others, "" where nothing is looked for; the key is made where there is none."""
        return fingerprint(key_at(self.key)) if self.key and self.settings.scan else ""

    def masked(self, text: str, after: str = "") -> Masked:
        """`text` with pseudonyms; `after` is what stands before it elsewhere, such as its column's name."""
        before = len(after)
        found = [one for one in self._detector.find(after + text) if one.start >= before]
        if not found:
            return Masked(text=text)
        pieces, counts, starts, edges = [], Counter[Entity](), [], []
        at = length = 0
        for one in found:
            start, end = one.start - before, one.end - before
            pseudonym = self._pseudonym(one.entity, one.value)
            pieces += [text[at:start], pseudonym]
            length += start - at + len(pseudonym)
            starts.append(start)
            edges.append((end, length))
            counts[one.entity] += 1
            at = end
        dropped = next((entity for entity in counts if getattr(self.settings, entity) == "drop"), None)
        masked = "".join(pieces) + text[at:]
        return Masked(text=masked, counts=dict(counts), dropped=dropped, starts=starts, edges=edges)

    def text(self, text: str) -> str:
        """What `masked` makes of a text, for one that is nobody's document: a name, a reason, a query."""
        return self.masked(text).text

    def _pseudonym(self, entity: Entity, value: str) -> str:
        if self._pseudonyms is None:
            self._pseudonyms = Pseudonyms(key_at(self.key) if self.key else secrets.token_bytes(KEY_BYTES))
        return self._pseudonyms.of(entity, value)


def masker(settings: Privacy, key: Path | None) -> Masker:
    """The masker of these settings with the key in a file, which `privacy.key` may name instead; None: one that is
    forgotten.

    Raises MissingExtra where anything is to be looked for and Presidio is not installed, PrivacyError where the
    model that finds names is not.
    """
    if settings.scan:
        check_installed()
        if settings.names and settings.name != "allow":
            check_model(settings.names)
    return Masker(settings, Path(settings.key) if key and settings.key else key)


def reason(entity: Entity) -> str:
    """Why a document is set aside; the value is not told."""
    return f"privacy: it holds {WORDED[entity]}"


class Tally:
    """Masks the parts of one document, and keeps count of what it masked and for what the document is to go."""

    def __init__(self, hide: Masker) -> None:
        self.counts = Counter[Entity]()
        self.dropped: list[Entity] = []
        self._hide = hide

    def masked(self, text: str, after: str = "") -> Masked:
        masked = self._hide.masked(text, after)
        self.counts.update(masked.counts)
        if masked.dropped:
            self.dropped.append(masked.dropped)
        return masked

    def text(self, text: str) -> str:
        return self.masked(text).text

    def values(self, value: Any, name: str = "") -> Any:
        """Metadata with its texts, numbers and keys masked, recursively; `name` is the key of `value`."""
        if isinstance(value, dict):
            return {self.text(str(key)): self.values(item, str(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.values(item, name) for item in value]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return value
        masked = self.masked(str(value), after=f"{name}: " if name else "")
        return masked.text if masked.counts else value
