"""Qdrant: collections of a server, or of its client's own local mode in a folder.

NAME-state         what the store was made with, its generation, which every commit raises by one, and the next row
NAME-MODELDIGEST   a point a version of a chunk: its vector, the counts of its terms as a sparse one, its text

A generation reads the points that came with it or before, and have not gone by it; what has gone is deleted by the
commit after.  Local mode compares all vectors in Python, and lets one process in: it is meant for tries.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from qdrant_client import models

from idiolect.errors import StoreError, UsageError
from idiolect.index.store import Batch, Bridge, Candidates, Indexed, Key
from idiolect.index.stores import qdrant_state
from idiolect.index.stores.qdrant_connection import Connection
from idiolect.index.stores.qdrant_points import (
    HEAVY,
    INDEXED,
    NEVER,
    RECORDS,
    TERMS,
    WHOLE_VECTOR,
    collection_of,
    pieces,
    point,
    quantiser,
    scrolled,
    short_vector,
)
from idiolect.index.stores.qdrant_reading import QdrantReader
from idiolect.runtimes.encoder import unit

ADDS_VECTORS = (1, 18)
"""The first version of Qdrant that adds a vector to the points of a collection."""


@dataclass
class Change:
    """What a commit does to the points of a collection; of those it keeps, the documents and lengths.

    `stay` are the points that a commit that was cut off had marked as going.
    """

    come: list[int] = field(default_factory=list)
    stay: list[int] = field(default_factory=list)
    go: list[int] = field(default_factory=list)
    delete: list[int] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    lengths: list[int] = field(default_factory=list)


class QdrantStore:
    """The collections of one name, with one writer at a time; a second one is told, when it commits."""

    def __init__(self, uri: str) -> None:
        """Raises UsageError for what is no address; nothing is asked yet."""
        self._connection = Connection(uri)
        self._ready: set[str] = set()
        self._seen: int | None = None
        self.uri = uri

    def supports(self, candidates: Candidates) -> None:
        if not candidates.dimension:
            return
        with self._connection.client() as client:
            version = str(client.info().version)
        if tuple(map(int, re.findall(r"\d+", version)[:2])) < ADDS_VECTORS:
            least = ".".join(map(str, ADDS_VECTORS))
            raise UsageError(
                f"--short: {self.uri} is Qdrant {version}; upgrade it to {least}, or take --precision"
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Of two writers, the one that commits last is refused."""
        self._seen = qdrant_state.generation_of(self._connection) if self.indexed() else 0
        try:
            yield
        finally:
            self._seen = None

    def lay(self, bridge: Bridge | None) -> None:
        qdrant_state.save_bridge(self._connection, bridge)

    def bridge(self) -> Bridge | None:
        bridge, indexed = qdrant_state.load_bridge(self._connection), self.indexed()
        return bridge if bridge and indexed and bridge.old == indexed.model_digest else None

    def indexed(self) -> Indexed | None:
        state = qdrant_state.load(self._connection)
        return state.indexed if state else None

    def read(self) -> QdrantReader:
        state = qdrant_state.load(self._connection)
        if state is None:
            raise StoreError(f"{self.uri} holds no index yet: idiolect index BUNDLE DOCS --store {self.uri}")
        return QdrantReader(self._connection, state.generation, state.indexed)

    def held(self, model_digest: str) -> set[Key]:
        collection = collection_of(self._connection.name, model_digest)
        with self._connection.client() as client:
            if not client.collection_exists(collection):
                return set()
        now = qdrant_state.generation_of(self._connection)
        alive = models.Filter(must=[models.FieldCondition(key="until", range=models.Range(gt=now))])
        points = scrolled(self._connection, collection, alive, ["id", "digest"])
        return {(one.payload["id"], one.payload["digest"]) for one in points}

    def put(self, batch: Batch, model_digest: str) -> None:
        if not batch.entries:
            return
        collection = self._made(model_digest, batch.vectors.shape[1])
        first = qdrant_state.take_rows(self._connection, len(batch.entries))
        points = (
            point(first + place, *given)
            for place, given in enumerate(zip(batch.entries, batch.vectors, batch.terms, strict=True))
        )
        for part in pieces(points, HEAVY):
            with self._connection.client() as client:
                client.upsert(collection, part)

    def commit(self, indexed: Indexed, keep: set[Key]) -> Indexed:
        collection = self._made(indexed.model_digest, indexed.dimension)
        before = qdrant_state.load(self._connection)
        now = before.generation if before else 0
        if self._seen not in (None, now):
            raise StoreError(f"{self.uri} was written by another meanwhile: index again")
        change = self._change(collection, keep, now)
        self._delete(collection, change.delete)
        self._mark(collection, change.go, {"until": now + 1})
        self._mark(collection, change.stay, {"until": NEVER})
        self._mark(collection, change.come, {"since": now + 1, "until": NEVER})
        self._prepare_candidates(collection, indexed.candidates)
        indexed = msgspec.structs.replace(
            indexed,
            chunks=len(change.lengths),
            documents=len(change.documents),
            mean_length=float(np.mean(change.lengths)) if change.lengths else 0.0,
        )
        qdrant_state.save(self._connection, qdrant_state.State(now + 1, indexed))
        self._drop_others([indexed, *([before.indexed] if before else [])])
        return indexed

    def expunge(self, documents: Collection[str]) -> str:
        own = models.FieldCondition(key="document_id", match=models.MatchAny(any=list(documents)))
        state = qdrant_state.load(self._connection)
        with self._connection.client() as client:
            held = {one.name for one in client.get_collections().collections}
            for collection in held:
                if re.fullmatch(f"{self._connection.name}-[0-9a-f]{{12}}", collection):
                    client.delete(collection, models.FilterSelector(filter=models.Filter(must=[own])))
        if state is not None:
            keys = self.held(state.indexed.model_digest)
            self.commit(state.indexed, keys)
        return self._connection.compact()

    def _change(self, collection: str, keep: set[Key], now: int) -> Change:
        change, seen = Change(), set()
        fields = ["id", "digest", "since", "until", "document_id", "length"]
        for one in scrolled(self._connection, collection, fields=fields):
            held = one.payload
            key = held["id"], held["digest"]
            wanted, read = key in keep and key not in seen, held["since"] <= now
            if held["until"] <= now or not (wanted or read):
                change.delete.append(one.id)
            elif not wanted:
                change.go.append(one.id)
            else:
                seen.add(key)
                change.documents.add(held["document_id"])
                change.lengths.append(held["length"])
                if not read:
                    change.come.append(one.id)
                elif held["until"] != NEVER:
                    change.stay.append(one.id)
        return change

    def _delete(self, collection: str, rows: Iterable[int]) -> None:
        for part in pieces(rows, RECORDS):
            with self._connection.client() as client:
                client.delete(collection, models.PointIdsList(points=part))

    def _mark(self, collection: str, rows: Iterable[int], payload: dict[str, int]) -> None:
        for part in pieces(rows, RECORDS):
            with self._connection.client() as client:
                client.set_payload(collection, payload=payload, points=part)

    def _made(self, model_digest: str, dimension: int) -> str:
        """The collection of a model, made where there is none."""
        collection = collection_of(self._connection.name, model_digest)
        if collection in self._ready:
            return collection
        qdrant_state.make(self._connection)
        with self._connection.client() as client:
            if not client.collection_exists(collection):
                whole = models.VectorParams(size=dimension, distance=models.Distance.DOT)
                client.create_collection(
                    collection,
                    vectors_config={WHOLE_VECTOR: whole},
                    sparse_vectors_config={TERMS: models.SparseVectorParams()},
                )
            for name, schema in INDEXED.items():
                client.create_payload_index(collection, name, schema)
        self._ready.add(collection)
        return collection

    def _prepare_candidates(self, collection: str, candidates: Candidates) -> None:
        """Shortened vectors where they are asked for, and less precise ones of those that candidates are found by."""
        short = short_vector(candidates)
        if short is not None:
            config = models.DenseVectorConfig(size=candidates.dimension, distance=models.Distance.DOT)
            with self._connection.client() as client:
                client.create_vector_name(collection, short, models.DenseVectorNameConfig(dense=config))
            self._shorten(collection, short, candidates.dimension)
        for name, params in self._vectors_of(collection).items():
            wanted = quantiser(candidates) if name == (short or WHOLE_VECTOR) else None
            if type(params.quantization_config) is not type(wanted):
                diff = models.VectorParamsDiff(quantization_config=wanted or models.Disabled.DISABLED)
                with self._connection.client() as client:
                    client.update_collection(collection, vectors_config={name: diff})

    def _shorten(self, collection: str, short: str, dimension: int) -> None:
        missing = models.Filter(must_not=[models.HasVectorCondition(has_vector=short)])
        points = scrolled(self._connection, collection, missing, vectors=[WHOLE_VECTOR], size=HEAVY)
        for part in pieces(points, HEAVY):
            whole = np.array([one.vector[WHOLE_VECTOR] for one in part], np.float32)
            vectors = unit(np.ascontiguousarray(whole[:, :dimension])).tolist()
            changed = [
                models.PointVectors(id=one.id, vector={short: vector})
                for one, vector in zip(part, vectors, strict=True)
            ]
            with self._connection.client() as client:
                client.update_vectors(collection, changed)

    def _drop_others(self, read: list[Indexed]) -> None:
        """Collections and vectors that neither this commit reads nor the one before, which somebody may still read."""
        name = self._connection.name
        kept = {collection_of(name, one.model_digest) for one in read}
        with self._connection.client() as client:
            held = {one.name for one in client.get_collections().collections}
            for collection in held - kept:
                if re.fullmatch(f"{name}-[0-9a-f]{{12}}", collection):
                    client.delete_collection(collection)
                    self._ready.discard(collection)
        short = {short_vector(one.candidates) for one in read}
        for collection in kept & held:
            for vector in self._vectors_of(collection).keys() - short - {WHOLE_VECTOR}:
                with self._connection.client() as client:
                    client.delete_vector_name(collection, vector)

    def _vectors_of(self, collection: str) -> dict[str, Any]:
        with self._connection.client() as client:
            found: dict[str, Any] = client.get_collection(collection).config.params.vectors
        return found
