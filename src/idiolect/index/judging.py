"""Many queries through a store: their rankings, how long each took, and what they are worth by judgments."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.errors import InputError
from idiolect.evaluation.label_documents import DocumentNames, RejectedLabel, resolve
from idiolect.evaluation.labels import LabelledQuery
from idiolect.evaluation.metrics import aggregate, per_query, rank
from idiolect.files import replacing
from idiolect.index.searching import Ranked
from idiolect.index.store import Reader
from idiolect.progress import Progress
from idiolect.records import Document, Record

TAG = "idiolect"
"""The last column of a run file, which names the system."""


@dataclass(frozen=True)
class Asked:
    """What queries found: id → its hits, best first; `seconds` each took, in the same order."""

    hits: dict[str, Ranked]
    seconds: list[float]


class Latency(Record, frozen=True, kw_only=True):
    """Milliseconds of a query, its encoding included."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        p50, p95 = np.percentile(np.array(seconds) * 1000, (50, 95)).round(2).tolist()
        return cls(p50=p50, p95=p95)


def ask(queries: Mapping[str, str], search: Callable[[str], Ranked], progress: Progress) -> Asked:
    """One query after another; one without a letter or digit finds nothing."""
    hits: dict[str, Ranked] = {}
    seconds = []
    progress.start("searching", len(queries), "queries")
    for identifier, text in queries.items():
        started = time.perf_counter()
        try:
            hits[identifier] = search(text)
        except InputError:
            hits[identifier] = []
        seconds.append(time.perf_counter() - started)
        progress.advance(1)
    progress.finish()
    return Asked(hits, seconds)


def named(
    queries: Sequence[LabelledQuery], reader: Reader
) -> tuple[list[LabelledQuery], list[RejectedLabel]]:
    """Labels with the store's document ids for what they call documents, and those that name none."""
    documents = (
        Document(id=identifier, path=path, title="", text="", sha256="")
        for identifier, path in reader.documents().items()
    )
    return resolve(queries, DocumentNames(documents, ()))


def measured(asked: Asked, queries: Sequence[LabelledQuery]) -> dict[str, float]:
    """Metric → mean over the queries, by documents; ties as trec_eval orders them.

    A document of a query's own id that answers it not is left out, as BEIR does.
    """
    values = {}
    for query in queries:
        scores: dict[str, float] = {}
        for entry, score in asked.hits[query.id]:
            scores.setdefault(entry.document_id, score)
        if query.judged.get(query.id, 0) <= 0:
            scores.pop(query.id, None)
        values[query.id] = per_query(rank(scores), query.judged)
    return aggregate(values, [query.id for query in queries])


def write_run(path: Path, asked: Asked, unit: str) -> None:
    """A run as trec_eval reads it: query, Q0, document (or chunk, as `unit` says), rank, score and a name."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_lines(asked, unit))


def _lines(asked: Asked, unit: str) -> Iterator[str]:
    for query, hits in asked.hits.items():
        for number, (entry, score) in enumerate(hits, 1):
            found = entry.id if unit == "chunk" else entry.document_id
            yield f"{query} Q0 {found} {number} {score:.6f} {TAG}\n"
