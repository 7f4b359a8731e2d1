"""What idiolect asks of a vector store, whichever keeps the rows, and the records that pass."""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from idiolect import __version__
from idiolect.bundle import Manifest
from idiolect.errors import StoreError, UsageError
from idiolect.records import Fusion, Record
from idiolect.runtimes.encoder import unit

SCHEMA = 1

DEEP = 100
"""Hits beyond so many are for fusion's sake, to which it matters little which they are."""

Rows = NDArray[np.int64]
"""Numbers that a store gives to the versions of chunks; one is never given twice."""

COMPARED = ("model_digest", "dimension", "query_prompt", "passage_prompt", "normalise", "fusion")

Where = Sequence[Sequence[str]]
"""Tags: of each group a chunk must bear one at least."""

Key = tuple[str, str]
"""A chunk's id and digest: a version of it."""


class Bridge(Record, frozen=True, kw_only=True):
    """A map from the vectors of model `new` (a digest) to those of `old`.

    `matrix`: float32 [new dimension, `dimension`], as bytes; `recall`, measured on chunks that it was not fitted to:
    of the ten nearest to a chunk by the new model, the share that the mapped vector finds among the old vectors.
    """

    new: str
    old: str
    dimension: int
    matrix: bytes
    recall: float
    pairs: int

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """New vectors [n, new dimension] as old ones, of unit length."""
        return unit(vectors @ np.frombuffer(self.matrix, np.float32).reshape(-1, self.dimension))


class Candidates(Record, frozen=True, kw_only=True):
    """How dense search finds what it then ranks by whole vectors.

    `dimension` of the shortened vectors that it compares, 0 for all of it; `precision` of their numbers;
    `oversample`: candidates for each of the first DEEP hits that are asked for.
    """

    dimension: int = 0
    precision: Literal["float32", "int8", "binary"] = "float32"
    oversample: float = 4.0

    @property
    def whole(self) -> bool:
        """Whether they are the vectors themselves."""
        return not self.dimension and self.precision == "float32"

    def wanted(self, count: int) -> int:
        """Candidates for so many hits."""
        return max(count, math.ceil(min(count, DEEP) * self.oversample))

    def bytes_per_vector(self, dimension: int) -> int:
        """Of what is compared, for vectors of `dimension` numbers."""
        bits = {"float32": 32, "int8": 8, "binary": 1}[self.precision]
        return (self.dimension or dimension) * bits // 8


WHOLE = Candidates()


class Indexed(Record, frozen=True, kw_only=True):
    """What the vectors of a store were made with, and how many there are.

    `mean_length` is the chunks' mean length in terms, which BM25 takes; `bundle` where the bundle lay.
    """

    schema: int = SCHEMA
    created_by: str = f"idiolect {__version__}"
    bundle: str
    model: str
    model_digest: str
    dimension: int
    query_prompt: str
    passage_prompt: str
    normalise: bool
    fusion: Fusion
    candidates: Candidates = WHOLE
    chunks: int = 0
    documents: int = 0
    mean_length: float = 0.0

    @classmethod
    def by(cls, manifest: Manifest, bundle: str, candidates: Candidates = WHOLE) -> "Indexed":
        """What a bundle's model would make."""
        return cls(
            bundle=bundle,
            model=manifest.name,
            model_digest=manifest.model_digest,
            dimension=manifest.dimension,
            query_prompt=manifest.prompts.query,
            passage_prompt=manifest.prompts.passage,
            normalise=manifest.normalise,
            fusion=manifest.fusion,
            candidates=candidates,
        )

    def differing(self, other: "Indexed") -> list[str]:
        """What makes vectors of the other no match for these."""
        return [name for name in COMPARED if getattr(self, name) != getattr(other, name)]

    def check(self, manifest: Manifest, uri: str) -> None:
        """Raise StoreError where a bundle is not what the store was made with, naming what differs and the cure."""
        differing = self.differing(Indexed.by(manifest, self.bundle))
        if differing:
            raise StoreError(
                f"{uri} was made with another model than bundle {manifest.name} ({', '.join(differing)} "
                f"differ): `idiolect index BUNDLE DOCS --store {uri}` makes it anew"
            )


class Entry(Record, frozen=True, kw_only=True):
    """A chunk as a store keeps it: `position` counts the chunks of its document, `tags` are "key=value".

    `digest` is of all the rest, so that a chunk is written again where anything of it changed.
    """

    id: str
    document_id: str
    position: int
    path: str
    title: str
    text: str
    start: int
    end: int
    tags: list[str]
    digest: str

    @property
    def key(self) -> Key:
        return self.id, self.digest

    @property
    def citation(self) -> str:
        """PATH[START:END], in characters of the document's text."""
        return f"{self.path}[{self.start}:{self.end}]"

    @property
    def full_text(self) -> str:
        """What is encoded, and what BM25 reads: `Passage.full_text` of its chunk."""
        return f"{self.title} {self.text}".strip()


class Found(Record, frozen=True, kw_only=True):
    """One chunk found; `start` and `end` are its characters in the document's text, which `citation` names.

    `before` and `after` are the chunks next to it, where they were asked for.
    """

    rank: int
    score: float
    citation: str
    chunk_id: str
    document_id: str
    position: int
    path: str
    title: str
    text: str
    start: int
    end: int
    before: list[Entry] = []
    after: list[Entry] = []


@dataclass(frozen=True)
class Batch:
    """Entries with their unit vectors (float32 [entries, dimension]) and the counts of their terms."""

    entries: Sequence[Entry]
    vectors: NDArray[np.float32]
    terms: Sequence[Counter[str]]


@dataclass(frozen=True)
class Hits:
    """Rows, best first, and their scores (float32, as many)."""

    rows: Rows
    scores: NDArray[np.float32]


class Reader(Protocol):
    """What one commit left to be read, whatever is written meanwhile. Threads may share it.

    Every method raises StoreError where the store cannot be reached or read.
    """

    uri: str
    indexed: Indexed

    @property
    def approximate(self) -> bool:
        """Whether `dense` may miss rows that it would find if `exact`."""

    def dense(self, vector: NDArray[np.float32], count: int, where: Where = (), exact: bool = False) -> Hits:
        """The rows of the highest cosines with a unit vector, among the store's candidates unless `exact`."""

    def lexical(self, terms: Sequence[str], count: int, where: Where = ()) -> Hits:
        """The rows of the highest BM25 with a query's terms, of those that share one (Lucene's idf, as in training).

        k1 and b are those of the store's fusion.
        """

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """Cosines of given rows."""

    def bm25(self, terms: Sequence[str], rows: Rows) -> NDArray[np.float32]:
        """BM25 of given rows; 0 for one that shares no term."""

    def entries(self, rows: Rows) -> list[Entry]:
        """The chunks of rows, in their order."""

    def around(self, document_id: str, first: int, last: int) -> list[Entry]:
        """The chunks of a document at positions from `first` to `last`, in that order."""

    def documents(self) -> dict[str, str]:
        """Document id → path."""

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """float32 [rows, dimension]."""

    def sample(self, count: int, seed: int = 13) -> Rows:
        """So many rows by chance, or all."""

    def current(self) -> bool:
        """Whether nothing was committed since."""


class Store(Protocol):
    """Where rows are written; what is `put` is read after the next `commit`.

    Every method raises StoreError where the store cannot be reached, read or written.
    """

    uri: str

    def supports(self, candidates: Candidates) -> None:
        """Raise UsageError where the store cannot find candidates so."""

    def indexed(self) -> Indexed | None:
        """What the last commit said; None before the first."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the store for `put` and `commit`. Raises StoreError while another process does."""

    def held(self, model_digest: str) -> set[Key]:
        """The versions of chunks that need no `put`, those of a write that was cut off included."""

    def put(self, batch: Batch, model_digest: str) -> None:
        """Write rows, to be read after `commit`; a kill loses no more than one call."""

    def commit(self, indexed: Indexed, keep: set[Key]) -> Indexed:
        """Make rows with these keys what is read, all at once, and drop the others; `indexed` with their counts."""

    def expunge(self, documents: Collection[str]) -> str:
        """Take all rows of these documents out, of every model and version, and write anew what held them.

        What of them may stay in files for a while all the same, in words; "" where nothing does.
        """

    def read(self) -> Reader:
        """What the last commit left. Raises StoreError before the first."""

    def lay(self, bridge: Bridge | None) -> None:
        """Keep a map from another model's vectors to those that are read, in place of the one before; None for none."""

    def bridge(self) -> Bridge | None:
        """The one that was laid, where it leads to the vectors that are read."""


def absolute(uri: str) -> str:
    """The same store from wherever it is asked for: a folder as an absolute path, any other URI as it is."""
    return uri if "://" in uri else str(Path(uri).resolve())


def shown(uri: str) -> str:
    """A URI without the password that it may hold."""
    uri = re.sub(r"://([^:/@]*):.*@", r"://\1@", uri)
    return re.sub(r"([?&](?:ssl)?password=)[^&#]*", r"\1…", uri)


def tag(key: str, value: object) -> str:
    """ "key=value", truth values as JSON writes them."""
    return f"{key}={str(value).lower() if isinstance(value, bool) else value}"


def grouped(conditions: Sequence[str]) -> Where:
    """ "key=value" conditions as tags: those of one key are alternatives. Raises UsageError for what is none."""
    groups: dict[str, list[str]] = {}
    for condition in conditions:
        key, separator, value = condition.partition("=")
        if not separator or not key:
            raise UsageError(f"--where {condition!r} is no KEY=VALUE, such as language=en")
        groups.setdefault(key, []).append(tag(key, value))
    return list(groups.values())
