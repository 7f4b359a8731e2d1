"""Export's proof: a runtime's vectors and rankings held against torch's in float32, on the run's texts."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from idiolect.bundle import Parity
from idiolect.errors import InputError
from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.metrics import Ranker, per_query
from idiolect.files import read_jsonl
from idiolect.mining.permitted import permitted
from idiolect.records import Chunk, Passage
from idiolect.runtimes.base import Runtime, Vectors
from idiolect.workspace import Workspace

CHUNKS = 64
CALIBRATING = 32
"""Further chunks, which int8 is calibrated on: none that it is then compared on, where there are enough."""

ALONE = 8
"""Chunks that are encoded once more, each in a batch of its own."""

QUERIES = 100
DOCUMENTS = 200
METRIC = "ndcg@10"


@dataclass(frozen=True)
class Encoded:
    """One runtime's unit vectors of a sample: [chunks, d], [documents, d] and [queries, d]."""

    chunks: Vectors
    documents: Vectors
    queries: Vectors


@dataclass(frozen=True)
class Sample:
    """The texts that runtimes are compared on: chunks, and queries of the test set with documents to rank.

    `calibration` are chunks too, to quantise with; `chunk_ids` and `calibration_ids` tell which.
    """

    chunks: list[str]
    calibration: list[str] = field(default_factory=list)
    documents: dict[str, Passage] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    qrels: dict[str, dict[str, int]] = field(default_factory=dict)
    chunk_ids: list[str] = field(default_factory=list)
    calibration_ids: list[str] = field(default_factory=list)

    def encoded(self, runtime: Runtime) -> Encoded:
        passages = [passage.full_text for passage in self.documents.values()]
        return Encoded(
            chunks=runtime.encode(self.chunks, "passage"),
            documents=runtime.encode(passages, "passage"),
            queries=runtime.encode(list(self.queries.values()), "query"),
        )

    def ndcg(self, encoded: Encoded) -> float | None:
        """Mean nDCG@10 of the queries over the sampled documents; None without queries."""
        if not self.queries:
            return None
        ranker = Ranker(list(self.documents))
        scores = encoded.queries @ encoded.documents.T
        values = [
            per_query(ranker.top(row, 10), self.qrels[query], (10,))[METRIC]
            for query, row in zip(self.queries, scores, strict=True)
        ]
        return float(np.mean(values))


def sample(workspace: Workspace, seed: int) -> Sample:
    """Up to 64 chunks, 32 more to calibrate on; up to 100 test queries with their documents, others to 200 in all."""
    rng = random.Random(seed)
    path = workspace.require(workspace.chunks, "ingest")
    drawn = _spread(permitted(read_jsonl(path, Chunk)), CHUNKS + CALIBRATING, rng)
    rng.shuffle(drawn)
    found = _of_chunks(drawn[:CHUNKS], drawn[-CALIBRATING:])
    try:
        dataset = load_dataset(workspace.test, "test") if workspace.test.is_dir() else None
    except InputError:
        dataset = None  # a test set without labelled queries: evaluate has said so
    if dataset is None:
        return found
    return _with_queries(found, dataset, rng)


def _of_chunks(chunks: list[Chunk], calibration: list[Chunk]) -> Sample:
    texts = [[chunk.passage.full_text for chunk in some] for some in (chunks, calibration)]
    ids = [[chunk.id for chunk in some] for some in (chunks, calibration)]
    return Sample(texts[0], texts[1], chunk_ids=ids[0], calibration_ids=ids[1])


def _with_queries(found: Sample, dataset: Dataset, rng: random.Random) -> Sample:
    queries = rng.sample(list(dataset.queries), min(QUERIES, len(dataset.queries)))
    judged = {
        document for query in queries for document in dataset.qrels[query] if document in dataset.corpus
    }
    others = [document for document in dataset.corpus if document not in judged]
    more = rng.sample(others, max(0, min(DOCUMENTS - len(judged), len(others))))
    return replace(
        found,
        documents={document: dataset.corpus[document] for document in (*sorted(judged), *more)},
        queries={query: dataset.queries[query] for query in queries},
        qrels={query: dict(dataset.qrels[query]) for query in queries},
    )


def _spread(chunks: Iterable[Chunk], count: int, rng: random.Random) -> list[Chunk]:
    """A uniform sample of `count` items of a stream (reservoir sampling)."""
    kept: list[Chunk] = []
    for index, chunk in enumerate(chunks):
        if len(kept) < count:
            kept.append(chunk)
        elif (place := rng.randrange(index + 1)) < count:
            kept[place] = chunk
    return kept


def compare(runtime: Runtime, texts: Sample, expected: Encoded) -> Parity:
    """`runtime` against the vectors that torch gave in float32."""
    encoded = texts.encoded(runtime)
    cosines = np.concatenate(
        [
            np.sum(ours * theirs, axis=1)
            for ours, theirs in (
                (encoded.chunks, expected.chunks),
                (encoded.documents, expected.documents),
                (encoded.queries, expected.queries),
            )
        ]
    )
    few = texts.chunks[:ALONE]
    alone = [
        float(encoded.chunks[row] @ runtime.encode([text], "passage")[0]) for row, text in enumerate(few)
    ]
    return Parity(
        precision=runtime.precision,
        cosine_min=_rounded(cosines.min()) if len(cosines) else 1.0,
        cosine_mean=_rounded(cosines.mean()) if len(cosines) else 1.0,
        texts=len(cosines),
        alone=_rounded(min(alone, default=1.0)),
        metric=texts.ndcg(encoded),
        reference=texts.ndcg(expected),
        queries=len(texts.queries),
    )


def _rounded(value: float) -> float:
    return round(float(value), 6)
