"""Which written queries are kept: judged by their own quality, against their chunks, and against each other."""

import re
import unicodedata

from idiolect.records import Chunk, Query, RejectedQuery
from idiolect.teachers.near_copies import NearCopies
from idiolect.teachers.near_duplicates import NearDuplicates

_NOT_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Lower case, composed, every run of anything but letters and digits one space."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


class Filters:
    """Applied query by query, in the order of the chunks; remembers what was kept to find duplicates."""

    def __init__(self, min_quality: int) -> None:
        self.min_quality = min_quality
        self.counts: dict[str, int] = {}
        self._kept: dict[str, str] = {}
        self._near = NearDuplicates()
        self._copies = NearCopies()

    def reason(self, query: Query, chunk: Chunk, *others: Chunk) -> str | None:
        """Why the query is rejected; None keeps it. `others` are further chunks that it was written from."""
        text = plain(query.text)
        quality = query.scores["quality"]
        if quality < self.min_quality:
            return self._count("low quality", f"quality {quality:g} below {self.min_quality}")
        for one in (chunk, *others):
            if copy := self._copies.reason(query.text, one):
                return self._count("copy", copy)
        if text in self._kept:
            return self._count("duplicate", f"a duplicate of {self._kept[text]}")
        if near := self._near.find(query.text, query.style, query.source):
            return self._count("near-duplicate", f"a near-duplicate of {near}")
        self._kept[text] = query.id
        self._near.keep(query.text, query.style, query.source, query.id)
        return None

    def _count(self, kind: str, reason: str) -> str:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return reason


def rejected(query: Query, reason: str) -> RejectedQuery:
    fields = {name: getattr(query, name) for name in query.__struct_fields__}
    return RejectedQuery(**fields, reason=reason)
