"""Two numbers of a Qdrant store that only grow: the generation that is read, and the next row; and a bridge to it.

Each number is a point without vectors in a collection of its own, which one request changes, and only where it still
is what the writer has seen: so two writers never take the same.
"""

import base64
import uuid
from dataclasses import dataclass

import msgspec
from qdrant_client import models

from idiolect.errors import StoreError
from idiolect.index.store import SCHEMA, Bridge, Indexed
from idiolect.index.stores.qdrant_connection import Connection

STATE, NEXT_ROW, BRIDGE = 0, 1, 2
"""The points."""


@dataclass(frozen=True)
class State:
    """What the last commit left."""

    generation: int
    indexed: Indexed


def make(connection: Connection) -> None:
    """The points, where they are not there yet."""
    collection = _collection(connection)
    with connection.client() as client:
        if not client.collection_exists(collection):
            client.create_collection(collection, vectors_config={})
        client.create_payload_index(collection, "number", models.PayloadSchemaType.INTEGER)
        held = {point.id for point in client.retrieve(collection, [STATE, NEXT_ROW], with_payload=False)}
        missing = {STATE, NEXT_ROW} - held
        if missing:
            points = [models.PointStruct(id=one, vector={}, payload={"number": 0}) for one in missing]
            client.upsert(collection, points)


def load(connection: Connection) -> State | None:
    """None before the first commit. Raises StoreError for a later version's."""
    with connection.client() as client:
        if not client.collection_exists(_collection(connection)):
            return None
        found = client.retrieve(_collection(connection), [STATE])
    if not found or not found[0].payload["number"]:
        return None
    payload = found[0].payload
    if payload["schema"] > SCHEMA:
        raise StoreError(
            f"{connection.uri} has schema {payload['schema']}, this version reads {SCHEMA}: upgrade idiolect"
        )
    return State(payload["number"], msgspec.convert(payload["indexed"], Indexed))


def generation_of(connection: Connection) -> int:
    return _number(connection, STATE)


def save(connection: Connection, state: State) -> None:
    """Make the next generation what is read. Raises StoreError where another writer did so meanwhile."""
    given = {"schema": SCHEMA, "indexed": msgspec.to_builtins(state.indexed)}
    if not _swap(connection, STATE, state.generation - 1, state.generation, given):
        raise StoreError(f"{connection.uri} was written by another meanwhile: index again")


def save_bridge(connection: Connection, bridge: Bridge | None) -> None:
    with connection.client() as client:
        if bridge is None:
            client.delete(_collection(connection), models.PointIdsList(points=[BRIDGE]))
            return
        given = {"bridge": base64.b64encode(msgspec.msgpack.encode(bridge)).decode()}
        client.upsert(_collection(connection), [models.PointStruct(id=BRIDGE, vector={}, payload=given)])


def load_bridge(connection: Connection) -> Bridge | None:
    with connection.client() as client:
        if not client.collection_exists(_collection(connection)):
            return None
        found = client.retrieve(_collection(connection), [BRIDGE])
    if not found:
        return None
    return msgspec.msgpack.decode(base64.b64decode(found[0].payload["bridge"]), type=Bridge)


def take_rows(connection: Connection, count: int) -> int:
    """The first of so many numbers that no other write has."""
    while True:
        first = _number(connection, NEXT_ROW)
        if _swap(connection, NEXT_ROW, first, first + count, {}):
            return first


def _number(connection: Connection, point: int) -> int:
    with connection.client() as client:
        found = client.retrieve(_collection(connection), [point], with_payload=["number"])
    return found[0].payload["number"] if found else 0


def _swap(connection: Connection, point: int, seen: int, number: int, given: dict[str, object]) -> bool:
    """Whether the point's number was as seen, and is the new one now."""
    token = uuid.uuid4().hex
    unchanged = models.Filter(
        must=[
            models.HasIdCondition(has_id=[point]),
            models.FieldCondition(key="number", match=models.MatchValue(value=seen)),
        ]
    )
    collection = _collection(connection)
    with connection.client() as client:
        client.set_payload(
            collection,
            payload={**given, "number": number, "by": token},
            points=unchanged,
            ordering=models.WriteOrdering.STRONG,
        )
        found = client.retrieve(collection, [point], with_payload=["by"])
    return bool(found) and found[0].payload.get("by") == token


def _collection(connection: Connection) -> str:
    return f"{connection.name}-state"
