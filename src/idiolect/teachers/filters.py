"""Which written queries are kept: judged by their own quality, against their chunk, and against each other."""

import re
import unicodedata

from idiolect.records import Chunk, Query, RejectedQuery

_NOT_WORD = re.compile(r"[\W_]+")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+")
_COPIED_WORDS = 8
_IDEOGRAPH = 0.5
"""Words that one Chinese or Japanese character counts for; they are written without spaces."""


def plain(text: str) -> str:
    """Lower case, composed, every run of anything but letters and digits one space."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def word_count(text: str) -> float:
    words = _WORD.findall(text)
    return sum(
        _IDEOGRAPH if re.match(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]", w) else 1.0 for w in words
    )


class Filters:
    """Applied query by query, in the order of the chunks; remembers what was kept to find duplicates."""

    def __init__(self, min_quality: int) -> None:
        self.min_quality = min_quality
        self.counts: dict[str, int] = {}
        self._kept: dict[str, str] = {}

    def reason(self, query: Query, chunk: Chunk) -> str | None:
        """Why the query is rejected; None keeps it."""
        text = plain(query.text)
        quality = query.scores["quality"]
        if quality < self.min_quality:
            return self._count("low quality", f"quality {quality:g} below {self.min_quality}")
        if word_count(text) > _COPIED_WORDS and text in plain(chunk.passage.full_text):
            return self._count("copy", "a copy of the chunk's own words")
        if text in self._kept:
            return self._count("duplicate", f"a duplicate of {self._kept[text]}")
        self._kept[text] = query.id
        return None

    def _count(self, kind: str, reason: str) -> str:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return reason


def rejected(query: Query, reason: str) -> RejectedQuery:
    fields = {name: getattr(query, name) for name in query.__struct_fields__}
    return RejectedQuery(**fields, reason=reason)
