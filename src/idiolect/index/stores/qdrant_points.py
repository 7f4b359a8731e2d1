"""What the points of a Qdrant store are called and made of, and the filters that choose them."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from idiolect.index.store import Candidates, Entry, Where
from idiolect.index.stores.qdrant_connection import Connection

T = TypeVar("T")

WHOLE_VECTOR = "whole"
TERMS = "terms"

ENTRY = Entry.__struct_fields__

NEVER = 1 << 53
"""The generation of what has not come, or not gone: the largest that a filter's numbers tell apart."""

RECORDS = 5000
"""Points whose plain fields go through one request."""

HEAVY = 128
"""Points whose vectors or texts do: a server takes 32 MB."""

INDEXED = {
    "since": models.PayloadSchemaType.INTEGER,
    "until": models.PayloadSchemaType.INTEGER,
    "position": models.PayloadSchemaType.INTEGER,
    "document_id": models.PayloadSchemaType.KEYWORD,
    "tags": models.PayloadSchemaType.KEYWORD,
}
"""The fields that filters ask for."""


def collection_of(name: str, model_digest: str) -> str:
    return f"{name}-{model_digest[:12]}"


def short_vector(candidates: Candidates) -> str | None:
    """What the vectors are called that candidates are found by, where those are shortened."""
    return f"short_{candidates.dimension}" if candidates.dimension else None


def quantiser(candidates: Candidates) -> Any:
    """What Qdrant compares in place of float32; None for that."""
    if candidates.precision == "int8":
        scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
        return models.ScalarQuantization(scalar=scalar)
    if candidates.precision == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
    return None


def number_of(term: str) -> int:
    """A term's place in sparse vectors: 32 bits of its hash.

    Of a million terms, one in some four thousand shares its number with another; their counts are then added.
    """
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "big")


def point(row: int, entry: Entry, vector: NDArray[np.float32], terms: Counter[str]) -> Any:
    """A version of a chunk that no generation reads yet."""
    counts: Counter[int] = Counter()
    for term, count in terms.items():
        counts[number_of(term)] += count
    vectors: dict[str, Any] = {WHOLE_VECTOR: vector.tolist()}
    if counts:
        vectors[TERMS] = models.SparseVector(indices=list(counts), values=list(map(float, counts.values())))
    payload = {name: getattr(entry, name) for name in ENTRY}
    payload |= {"length": terms.total(), "since": NEVER, "until": NEVER}
    return models.PointStruct(id=row, vector=vectors, payload=payload)


def of_generation(generation: int) -> list[Any]:
    """Conditions: what came with it or before, and had not gone by it."""
    return [
        models.FieldCondition(key="since", range=models.Range(lte=generation)),
        models.FieldCondition(key="until", range=models.Range(gt=generation)),
    ]


def bearing(where: Where) -> list[Any]:
    """Conditions: of each group of tags one at least."""
    return [models.FieldCondition(key="tags", match=models.MatchAny(any=list(group))) for group in where]


def scrolled(
    connection: Connection,
    collection: str,
    condition: Any = None,
    fields: Sequence[str] = (),
    vectors: Sequence[str] = (),
    size: int = RECORDS,
) -> Iterator[Any]:
    """The points that fit a filter, by ascending row, with given fields and vectors."""
    offset = None
    while True:
        with connection.client() as client:
            found, offset = client.scroll(
                collection,
                scroll_filter=condition,
                limit=size,
                offset=offset,
                with_payload=list(fields) or False,
                with_vectors=list(vectors) or False,
            )
        yield from found
        if offset is None:
            return


def retrieved(
    connection: Connection,
    collection: str,
    rows: Sequence[int],
    fields: Sequence[str] = (),
    vectors: Sequence[str] = (),
) -> Iterator[Any]:
    """The points of rows, in any order; those that are gone are not among them."""
    for part in pieces(rows, HEAVY):
        with connection.client() as client:
            found = client.retrieve(
                collection, part, with_payload=list(fields) or False, with_vectors=list(vectors) or False
            )
        yield from found


def pieces(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while part := list(itertools.islice(rest, size)):
        yield part
