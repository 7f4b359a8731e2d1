"""A store brought up to a corpus: new and changed chunks are encoded, what is gone disappears."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec
import numpy as np

from idiolect.errors import StoreError
from idiolect.files import digest_value
from idiolect.index.store import Batch, Entry, Indexed, Key, Reader, Store, tag
from idiolect.mining.lexical import analyser
from idiolect.progress import Progress
from idiolect.records import UNINDEXED, Chunk, Document, Record
from idiolect.runtimes.base import TextEncoder

LONGEST_TAG = 500
"""Characters; nobody filters by more, and indexes of databases take no more than some thousand."""

RECALL_QUERIES = 50

BATCH = 1024
"""Chunks that are encoded between two writes: what a kill can lose."""


class Recall(Record, frozen=True, kw_only=True):
    """Of the `depth` rows that exact search finds, the share that approximate search does, over some `queries`."""

    share: float
    depth: int
    queries: int


class Built(Record, frozen=True, kw_only=True):
    """What indexing did: chunks that were encoded, that were there already, and that went.

    `recall` where dense search is approximate; `bridge`, the recall of the one from the model that was replaced.
    """

    indexed: Indexed
    encoded: int
    kept: int
    removed: int
    recall: Recall | None = None
    bridge: float | None = None


def entries(documents: Iterable[Document], chunks: Iterable[Chunk], language: str) -> Iterator[Entry]:
    """The chunks of a WORK folder that may be found, as a store keeps them; both come in the order of documents.

    `language` is the fusion's: of another, a chunk has other terms, and so another digest.
    """
    rest = iter(documents)
    chunks = (chunk for chunk in chunks if UNINDEXED not in chunk.verdicts)
    for document_id, own in itertools.groupby(chunks, key=lambda chunk: chunk.document_id):
        document = next(one for one in rest if one.id == document_id)
        tags = _tags(document)
        for position, chunk in enumerate(own):
            entry = Entry(
                id=plain(chunk.id),
                document_id=plain(document_id),
                position=position,
                path=plain(document.path),
                title=plain(chunk.context),
                text=plain(chunk.text),
                start=chunk.start,
                end=chunk.end,
                tags=tags,
                digest="",
            )
            yield msgspec.structs.replace(
                entry, digest=digest_value([language, msgspec.to_builtins(entry)])[:32]
            )


def _tags(document: Document) -> list[str]:
    """What a search can filter by: path, language, licence, and every plain and short value of the metadata."""
    found = {"path": document.path, "language": document.language, "licence": document.licence}
    tags = [tag(key, value) for key, value in found.items() if value]
    for key, value in document.metadata.items():
        values = value if isinstance(value, list) else [value]
        tags += [tag(key, one) for one in values if isinstance(one, str | int | float | bool)]
    return [plain(one) for one in tags if len(one) <= LONGEST_TAG]


def plain(text: str) -> str:
    """Without the one character that PostgreSQL's texts cannot hold."""
    return text.replace("\0", " ")


def build(
    store: Store,
    indexed: Indexed,
    encoder: TextEncoder,
    corpus: Callable[[], Iterator[Entry]],
    progress: Progress,
) -> Built:
    """Bring `store` up to `corpus`, which is gone through twice, encoding what it does not hold yet.

    Until all of it is written, the store reads as before.  A second call continues one that was cut off.
    Raises StoreError while another process writes the store.
    """
    with store.writing():
        return _build(store, indexed, encoder, corpus, progress)


def recall(reader: Reader, queries: int = RECALL_QUERIES, depth: int = 10, seed: int = 13) -> Recall | None:
    """Measured with chunks by chance as queries, each left out of what it finds; None where search is exact."""
    if not reader.approximate or not reader.indexed.chunks:
        return None
    rows = reader.sample(queries, seed)
    shares = []
    for row, vector in zip(rows.tolist(), reader.vectors(rows), strict=True):
        found, wanted = (reader.dense(vector, depth + 1, exact=exact).rows for exact in (False, True))
        wanted = wanted[wanted != row][:depth]
        shares.append(np.isin(wanted, found).mean() if len(wanted) else 1.0)
    return Recall(share=float(np.mean(shares)), depth=depth, queries=len(rows))


def _build(
    store: Store,
    indexed: Indexed,
    encoder: TextEncoder,
    corpus: Callable[[], Iterator[Entry]],
    progress: Progress,
) -> Built:
    before = store.indexed()
    keep: set[Key] = {entry.key for entry in corpus()}
    held = store.held(indexed.model_digest)
    missing = len(keep - held)
    terms = analyser(indexed.fusion.language)
    progress.start("encoding chunks", missing, "texts")
    fresh = (entry for entry in corpus() if entry.key not in held)
    while batch := list(itertools.islice(fresh, BATCH)):
        texts = [entry.full_text for entry in batch]
        vectors = encoder.encode(texts, "passage", on_batch=progress.advance)
        store.put(Batch(batch, vectors, [Counter(terms(text)) for text in texts]), indexed.model_digest)
    progress.finish()
    after = store.commit(indexed, keep)
    if after.chunks < len(keep):
        raise StoreError(f"{store.uri} was written by another meanwhile: index again")
    same = before is not None and before.model_digest == indexed.model_digest
    kept = after.chunks - missing
    return Built(
        indexed=after,
        encoded=missing,
        kept=kept,
        removed=max(0, before.chunks - kept) if same and before else 0,
        recall=recall(store.read()),
    )
