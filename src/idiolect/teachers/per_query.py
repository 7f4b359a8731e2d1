"""Requests about a chunk and several queries, whose answer has an item for each, known by its query's words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from idiolect.records import Chunk, Query
from idiolect.teachers.filters import plain
from idiolect.teachers.protocol import Answer, list_items


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What every item has: the words of the query that it is about."""

    query: str


T = TypeVar("T", bound=Item)


def by_chunk(
    pairs: Iterable[tuple[Query, str]], chunks: Mapping[str, Chunk], most: int
) -> Iterator[tuple[Chunk, tuple[Query, ...]]]:
    """Each chunk with the queries that stand with its id in `pairs`; of more than `most`, so many at a time."""
    claims: dict[str, list[Query]] = defaultdict(list)
    for query, identifier in pairs:
        claims[identifier].append(query)
    for identifier, claiming in claims.items():
        for start in range(0, len(claiming), most):
            yield chunks[identifier], tuple(claiming[start : start + most])


def read_items(
    answer: Answer, name: str, queries: Sequence[Query], kind: type[T]
) -> tuple[list[tuple[str, T]], int]:
    """(query id, item) for the items of the list `name`, and how many were malformed or of no query asked about.

    Queries are recognised by their words, whatever became of case and punctuation; strings that hold
    numbers are taken for them.  Raises UnusableAnswerError where there is no such list.
    """
    asked = {plain(query.text): query.id for query in queries}
    items = list_items(answer, name)
    found: list[tuple[str, T]] = []
    for one in items:
        try:
            item = msgspec.convert(one, kind, strict=False)
        except msgspec.ValidationError:
            continue
        if identifier := asked.get(plain(item.query)):
            found.append((identifier, item))
    return found, len(items) - len(found)
