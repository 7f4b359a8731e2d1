"""Passages that just miss a query, written by the teacher: the request, how its answer is read, and what is a fault."""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idiolect.mining.fingerprints import shingles
from idiolect.readers.base import Block
from idiolect.readers.language import detect
from idiolect.records import Chunk, Query
from idiolect.teachers.cache import Shown
from idiolect.teachers.filters import plain
from idiolect.teachers.messages import quoted, told
from idiolect.teachers.near_copies import NearCopies
from idiolect.teachers.per_query import Item, by_chunk, read_items
from idiolect.teachers.protocol import Answer, Message, UnusableAnswerError, list_format

NEGATIVES_FORMAT = list_format(
    "negatives",
    "negatives",
    query={"type": "string"},
    passage={"type": "string"},
    changed={"type": "string"},
)
"""`response_format` of a request for near misses."""

MOST_AT_ONCE = 8
"""Passages in one answer: so many of 256 tokens fit into the longest that is asked for."""
LARGEST_OVERLAP = 0.8
"""Jaccard similarity of shingles from which it is the chunk over again: ingest's default for duplicates."""
SHORTEST, LONGEST = 0.5, 2.0
"""Times the chunk's characters: length alone should not tell the two apart."""
MOST_SUPPORT = 3
"""The judge's `context_support` up to which a passage does not answer: at 5 a part of the answer stands in it.

The other criteria decide nothing: a near miss may well be relevant, and where nothing answers there
is no answer to be accurate.
"""


class NearMiss(Item, frozen=True, kw_only=True):
    """One item of an answer: the passage, and the fact that was changed or left out."""

    passage: str
    changed: str = ""


@dataclass(frozen=True)
class Wish:
    """One request: a chunk, queries that it answers, and how to write what just misses each."""

    instructions: str
    chunk: Chunk
    queries: tuple[Query, ...]

    @property
    def response_format(self) -> dict[str, Any]:
        return NEGATIVES_FORMAT

    @property
    def answer_tokens(self) -> int:
        return len(self.queries) * (self.chunk.tokens + 50)

    @property
    def shown(self) -> list[Shown]:
        return [*told(self.chunk), *(Shown("query", query.id, "missed") for query in self.queries)]

    def messages(self) -> list[Message]:
        lines = [quoted(self.chunk), "", "Queries:"]
        for query in self.queries:
            lines.append(f"- {query.text}")
            if query.answer:
                lines.append(f"  answer: {query.answer}")
        return [
            {"role": "system", "content": self.instructions},
            {"role": "user", "content": "\n".join(lines)},
        ]

    def read(self, answer: Answer) -> tuple[dict[str, NearMiss], int]:
        """Query id → what was written for it, the first of several; how many items were malformed.

        Raises UnusableAnswerError where there is no list of near misses, or not one of them can be used.
        """
        found, unusable = read_items(answer, "negatives", self.queries, NearMiss)
        if unusable and not found:
            raise UnusableAnswerError(
                "no item has the exact words of a query as `query` and a text as `passage`"
            )
        return dict(reversed(found)), unusable


def drawn(queries: Iterable[Query], chunks: Collection[str], share: float, seed: int) -> list[Query]:
    """About `share` of the queries that one of the `chunks` answers alone, each drawn whatever the others are.

    What answers a part of a query of several hops is not told from what answers nothing of it.
    """
    return [
        query
        for query in queries
        if query.hops == 1
        and query.source in chunks
        and query.source in query.positives
        and random.Random(f"{seed}/negatives/{query.id}").random() < share
    ]


def wishes(queries: Sequence[Query], chunks: Mapping[str, Chunk], instructions: str) -> list[Wish]:
    """A request for each chunk, about those of the queries that were written from it."""
    pairs = ((query, query.source) for query in queries)
    return [Wish(instructions, chunk, asking) for chunk, asking in by_chunk(pairs, chunks, MOST_AT_ONCE)]


def fault(text: str, chunk: Chunk) -> str:
    """What makes a text no near miss of the chunk, whatever it says; "" where nothing does."""
    if not plain(text):
        return "empty"
    if not SHORTEST <= len(text) / len(chunk.text) <= LONGEST:
        return "length"
    own, given = shingles(text), shingles(chunk.text)
    if len(own & given) >= LARGEST_OVERLAP * len(own | given) or NearCopies().reason(text, chunk):
        return "copy"
    told, known = _language(text), _language(chunk.text)
    return "language" if told and known and told != known else ""


def _language(text: str) -> str:
    return detect(text, [Block(start=0, end=len(text), kind="paragraph")])
