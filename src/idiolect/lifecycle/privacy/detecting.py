"""All searches over one text, each over no more of it than could hold what it looks for."""

from collections.abc import Callable, Iterator

from idiolect.config import Privacy
from idiolect.lifecycle.privacy.addresses import four, six
from idiolect.lifecycle.privacy.bank import cards, ibans
from idiolect.lifecycle.privacy.contacts import emails
from idiolect.lifecycle.privacy.entities import ENTITIES, Entity, Found, disjoint
from idiolect.lifecycle.privacy.names import names
from idiolect.lifecycle.privacy.national_ids import national_ids
from idiolect.lifecycle.privacy.numbers import plain, stretches
from idiolect.lifecycle.privacy.phones import phones
from idiolect.lifecycle.privacy.pseudonyms import PSEUDONYM
from idiolect.lifecycle.privacy.secrets import secrets

Stretch = Callable[[str, int, int], Iterator[Found]]
"""A search of `text[begin:end]`, which may look at what is around it."""


class Detector:
    """Looks for every kind whose policy is not "allow"."""

    def __init__(self, settings: Privacy) -> None:
        sought = {entity for entity in ENTITIES if settings.scan and getattr(settings, entity) != "allow"}
        self._sought = sought - ({"name"} if not settings.names else set())
        self._model = settings.names
        searches: dict[Entity, Stretch] = {
            "iban": ibans,
            "card": cards,
            "national_id": national_ids,
            "ip": four,
            "phone": lambda text, begin, end: phones(text, begin, end, settings.phone_regions),
        }
        self._searches = [search for entity, search in searches.items() if entity in self._sought]

    def find(self, text: str) -> list[Found]:
        """What there is in `text`, in its order, no two overlapping; pseudonyms are not found again."""
        if not self._sought or not text:
            return []
        return disjoint([*self._patterns(plain(text)), *self._names(text)])

    def _patterns(self, text: str) -> Iterator[Found]:
        if "secret" in self._sought:
            yield from secrets(text)
        if "email" in self._sought:
            yield from emails(text)
        if "ip" in self._sought:
            yield from six(text)
        if self._searches:
            for begin, end in stretches(text):
                for search in self._searches:
                    yield from search(text, begin, end)

    def _names(self, text: str) -> Iterator[Found]:
        if "name" not in self._sought:
            return
        masked = [match.span() for match in PSEUDONYM.finditer(text)]
        for one in names(text, self._model):
            if not any(start < one.end and one.start < end for start, end in masked):
                yield one
