"""A WORK folder searched in memory: its chunks, the bundle's model and fusion, vectors that the run left."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from idiolect.bundle import Bundle
from idiolect.errors import InputError
from idiolect.files import read_jsonl
from idiolect.index.probability import Probabilities
from idiolect.mining.fusion import fuse
from idiolect.mining.permitted import permitted
from idiolect.mining.ranking import Corpus
from idiolect.mining.top import top
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import UNINDEXED, Chunk, Document, Record
from idiolect.runtimes.opening import open_encoder
from idiolect.workspace import Workspace

Mode = Literal["dense", "lexical", "hybrid"]


class Hit(Record, frozen=True, kw_only=True):
    """One chunk found; `start` and `end` are its characters in the document's text.

    `probability` that it answers, by the bundle's calibration; None where that has none for the mode.
    """

    rank: int
    score: float
    probability: float | None
    chunk_id: str
    document_id: str
    path: str
    title: str
    text: str
    start: int
    end: int


class MemoryIndex:
    """The chunks of a workspace that may be found, encoded once (what an earlier command encoded is read back)."""

    def __init__(self, workspace: Workspace, progress: Progress) -> None:
        """Raises WorkspaceError or BundleError where the run has not come to its end."""
        chunks = read_jsonl(workspace.require(workspace.chunks, "ingest"), Chunk)
        self.chunks = permitted(chunks, UNINDEXED)
        self.paths = {item.id: item.path for item in read_jsonl(workspace.documents, Document)}
        bundle = Bundle.load(workspace.require(workspace.bundle, "run DOCS"))
        self.encoder = CachedEncoder(open_encoder(bundle.path), workspace.vectors)
        passages = [chunk.passage for chunk in self.chunks]
        texts = [passage.full_text for passage in passages]
        progress.start("encoding chunks", len(texts), "texts")
        vectors = self.encoder.encode(texts, "passage", on_batch=progress.advance)
        progress.finish()
        self.corpus = Corpus(passages, vectors, bundle.fusion)
        self.probabilities = Probabilities(bundle.calibration, self.chunks)

    def search(self, query: str, count: int, mode: Mode) -> Sequence[Hit]:
        """The `count` best chunks; lexical search leaves out chunks that share no term with the query.

        Raises InputError for a query without a letter or digit.
        """
        if not any(character.isalnum() for character in query):
            raise InputError(f"the query {query!r} has no letter or digit to search for")
        cosines = np.zeros(0)
        if mode != "lexical":
            cosines = self.corpus.dense(self.encoder.encode([query], "query")[0])
        scores = self._scores(query, mode, cosines)
        columns = [int(column) for column in top(scores, count) if scores[column] > -np.inf]
        probabilities = self.probabilities.of(mode, scores, cosines, columns)
        return [
            self._hit(rank, column, float(scores[column]), probability)
            for rank, (column, probability) in enumerate(zip(columns, probabilities, strict=True), 1)
        ]

    def _scores(self, query: str, mode: Mode, cosines: np.ndarray) -> np.ndarray:
        fusion = self.corpus.fusion
        if mode == "dense" or (mode == "hybrid" and not fusion.weight):
            return cosines
        lexical = self.corpus.lexical(query)
        if mode == "lexical":
            return np.where(lexical > 0, lexical, -np.inf)
        return fuse(cosines, lexical, fusion.weight, fusion.candidates)

    def _hit(self, rank: int, column: int, score: float, probability: float | None) -> Hit:
        chunk = self.chunks[column]
        return Hit(
            rank=rank,
            score=round(score, 4),
            probability=probability,
            chunk_id=chunk.id,
            document_id=chunk.document_id,
            path=self.paths.get(chunk.document_id, chunk.document_id),
            title=chunk.context,
            text=chunk.text,
            start=chunk.start,
            end=chunk.end,
        )
