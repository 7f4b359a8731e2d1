"""The documents: what of DOCS is not in WORK yet, and what of WORK it is held against."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from idiolect.config import Config
from idiolect.errors import InputError
from idiolect.estimates.corpus import sample_corpus
from idiolect.evaluation.facets import Origins, origins
from idiolect.evaluation.labels import normalised
from idiolect.files import digest_value, read_jsonl
from idiolect.lifecycle.drift.samples import Text, distinct
from idiolect.lifecycle.drift.traits import UNTOLD
from idiolect.lifecycle.erasure import suppression
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.privacy import masker
from idiolect.records import UNINDEXED, UNTRAINED, Chunk, Document, TrainingExample
from idiolect.runtimes.model_files import ModelFiles
from idiolect.workspace import Workspace

POOL = 10_000
"""Chunks, and training queries, that nearest ones are looked for among: a draw where WORK holds more."""

READ_CHUNKS, READ_SECONDS = 20_000, 240.0
"""Of DOCS that is read at most, in an order drawn by the seed."""


@dataclass(frozen=True)
class Trained:
    """What WORK was trained for. `passages` and `queries` are draws of POOL; `wordings` are of all its chunks,
    `asked` of all its training queries.
    """

    passages: list[Text]
    queries: list[Text]
    wordings: frozenset[str]
    asked: frozenset[str]
    documents: Mapping[str, str]
    digest: str
    chunks: int


@dataclass(frozen=True)
class Found:
    """Chunks of DOCS that WORK lacks; `read` chunks and `documents` of DOCS were looked at, all where `complete`."""

    new: list[Text]
    digest: str
    read: int
    documents: int
    complete: bool


def trained(work: Workspace, seed: int) -> Trained:
    """Raises WorkspaceError where prepare has not run in WORK."""
    chunks = [chunk for chunk in read_jsonl(work.require(work.chunks, "ingest"), Chunk) if _searched(chunk)]
    known = origins(read_jsonl(work.require(work.documents, "ingest"), Document))
    examples = read_jsonl(work.require(work.train, "prepare"), TrainingExample)
    sources = {chunk.id: chunk.document_id for chunk in chunks}
    queries = distinct([Text(text=one.query, group=sources.get(one.positive.id, "")) for one in examples])
    return Trained(
        passages=_drawn(_texts(chunks, known), seed),
        queries=_drawn(queries, seed),
        wordings=frozenset(normalised(chunk.text) for chunk in chunks),
        asked=frozenset(normalised(query.text) for query in queries),
        documents=known.sources,
        digest=digest_value(sorted(normalised(chunk.text) for chunk in chunks)),
        chunks=len(chunks),
    )


def current(docs: Path, work: Workspace, held: Trained, config: Config, files: ModelFiles) -> Found:
    """DOCS read and chunked as ingest does, masked alike, without what was erased; nothing of it is written.

    Raises InputError where nothing in it can be read.
    """
    hide, erased = masker(config.privacy, work.privacy_key), suppression.read(work.suppressed)
    sample = sample_corpus(
        docs, config.ingest, files, config.seed, READ_CHUNKS, READ_SECONDS, work.root, Permits(config), hide
    )
    if not sample.chunks:
        raise InputError(f"no readable document under {docs}: give a folder, a file or a JSONL corpus")
    gone = {one.id for one in sample.documents if erased.covers(one.path, one)}
    chunks = [chunk for chunk in sample.chunks if _searched(chunk) and chunk.document_id not in gone]
    known = origins(sample.documents)
    new = [chunk for chunk in chunks if normalised(chunk.text) not in held.wordings]
    return Found(
        new=distinct(_texts(new, known)),
        digest=digest_value(sorted(normalised(chunk.text) for chunk in new)),
        read=len(chunks),
        documents=len(sample.documents),
        complete=sample.complete,
    )


def _searched(chunk: Chunk) -> bool:
    """Whether it takes part in training and in searches."""
    return not {UNTRAINED, UNINDEXED} & set(chunk.verdicts)


def _texts(chunks: Iterable[Chunk], known: Origins) -> list[Text]:
    return [
        Text(
            text=chunk.passage.full_text,
            group=chunk.document_id,
            slices={
                "language": known.languages.get(chunk.document_id) or UNTOLD,
                "source": known.sources.get(chunk.document_id, ""),
            },
        )
        for chunk in chunks
    ]


def _drawn(texts: list[Text], seed: int) -> list[Text]:
    found = distinct(texts)
    return found if len(found) <= POOL else random.Random(seed).sample(found, POOL)
