"""What is erased, by its names: the questions that every file's rule asks, and what stands in place of a trace."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from idiolect.erasing.needles import Finder, encoded
from idiolect.records import Record

MARK = "[erased]"
"""What a string that told of an erased document says now."""


class Gone(Record, frozen=True, kw_only=True):
    """The ids of `documents`, all `names` that tell of them (ids and paths), and of what was written from them.

    `heads`: a chunk that goes → the first of those that referred to it as duplicates and stay.
    `needles`: bytes that nothing else holds.
    """

    documents: list[str]
    names: list[str]
    queries: list[str]
    negatives: list[str]
    heads: dict[str, str]
    needles: list[bytes]


class Rules:
    """`Gone` made quick to ask."""

    def __init__(self, gone: Gone) -> None:
        self.documents, self.names = frozenset(gone.documents), frozenset(gone.names)
        self.queries, self.negatives = frozenset(gone.queries), frozenset(gone.negatives)
        self.heads = gone.heads
        self._needles = gone.needles

    @cached_property
    def finder(self) -> Finder:
        return Finder(self._needles)

    def chunk(self, identifier: str) -> bool:
        """Whether a chunk goes, of whatever version of its document."""
        document, _, number = identifier.rpartition("#")
        return document in self.documents and number.isdecimal()

    def passage(self, identifier: str) -> bool:
        """The same of what stands in qrels, rankings and negatives: chunks, documents, written negatives."""
        return self.chunk(identifier) or identifier in self.documents or identifier in self.negatives

    def query(self, row: Mapping[str, Any]) -> bool:
        """Whether a query's record goes: it was written from what goes, or is answered by it."""
        return (
            row["id"] in self.queries
            or self.chunk(row.get("source", ""))
            or any(map(self.passage, row.get("positives", ())))
        )

    def redacted(self, value: Any, deep: bool = True) -> Any:
        """A JSON value none of whose strings names what was erased, nor, if `deep`, quotes it; keys included."""
        if isinstance(value, str):
            return MARK if self._names(value) or (deep and self.quotes(value)) else value
        if isinstance(value, dict):
            return {self.redacted(key, deep): self.redacted(item, deep) for key, item in value.items()}
        if isinstance(value, list):
            return [self.redacted(item, deep) for item in value]
        return value

    def quotes(self, text: str) -> bool:
        return self.finder.finds(encoded(text)) or self.finder.finds(msgspec.json.encode(text))

    @cached_property
    def _telling(self) -> frozenset[str]:
        """Names that can mean nothing else: "64", "test" or "README.md" stand in many files for other things."""
        needles = frozenset(self._needles)
        named = self.names | self.queries | self.negatives
        return frozenset(name for name in named if encoded(name) in needles)

    def _names(self, text: str) -> bool:
        return text in self._telling or self.chunk(text)
