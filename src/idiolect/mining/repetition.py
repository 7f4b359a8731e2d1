"""What repeats over a corpus: fingerprints in, one document after another; marks on chunks out."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from idiolect.mining.boilerplate import Spans, boilerplate_spans, covers_most, recurring
from idiolect.mining.duplicates import near_duplicates, overlapping
from idiolect.mining.fingerprints import PERMUTATIONS, Fingerprint
from idiolect.records import Chunk


@dataclass(frozen=True)
class Marks:
    """Chunk id → the id that trains in its place, and → its boilerplate; chunks without are left out."""

    duplicate_of: dict[str, str]
    boilerplate: dict[str, Spans]

    def on(self, chunk: Chunk) -> Chunk:
        return msgspec.structs.replace(
            chunk,
            duplicate_of=self.duplicate_of.get(chunk.id, ""),
            boilerplate=self.boilerplate.get(chunk.id, []),
        )


class CorpusFingerprints:
    """The fingerprints of a corpus in flat memory: about 700 bytes a chunk and 32 a paragraph."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._documents = 0
        self._signatures = bytearray()
        self._chunks = array("q")  # document, start, end of each
        self._digests = array("Q")
        self._blocks = array("q")  # document, start, end of each

    def add(self, chunks: Sequence[Chunk], found: Fingerprint) -> None:
        """The chunks of one document, in text order, and their fingerprint; documents come in corpus order."""
        if not chunks:
            return
        number = self._documents
        self._documents += 1
        self.ids += [chunk.id for chunk in chunks]
        self._signatures += found.signatures.tobytes()
        for chunk in chunks:
            self._chunks.extend((number, chunk.start, chunk.end))
        self._digests.frombytes(found.paragraphs.tobytes())
        for start, end in found.spans.tolist():
            self._blocks.extend((number, start, end))

    def marks(self, near_duplicate: float, boilerplate_documents: int) -> Marks:
        """Decide on documents first, on boilerplate next, on chunks last.

        Versions of a document would else make its paragraphs boilerplate; and a chunk that mostly
        is boilerplate is a duplicate only of its like.
        """
        if not self.ids:
            return Marks(duplicate_of={}, boilerplate={})
        signatures = np.frombuffer(self._signatures, np.uint32).reshape(-1, PERMUTATIONS)
        chunks = np.frombuffer(self._chunks, np.int64).reshape(-1, 3)
        boilerplate = self._boilerplate(signatures, chunks, near_duplicate, boilerplate_documents)
        mostly = np.zeros(len(chunks), bool)
        for row, spans in boilerplate.items():
            mostly[row] = covers_most(spans, int(chunks[row, 2] - chunks[row, 1]))
        overlap = overlapping(chunks[:, 0], chunks[:, 1:])
        first = near_duplicates(
            signatures,
            near_duplicate,
            lambda one, other: overlap(one, other) | (mostly[one] != mostly[other]),
        )
        return Marks(
            duplicate_of={
                self.ids[row]: self.ids[first[row]] for row in np.flatnonzero(first != np.arange(len(first)))
            },
            boilerplate={self.ids[row]: spans for row, spans in boilerplate.items()},
        )

    def _boilerplate(
        self, signatures: np.ndarray, chunks: np.ndarray, near_duplicate: float, fewest: int
    ) -> dict[int, Spans]:
        """Row of a chunk → its boilerplate, for the chunks that have some."""
        starts = np.searchsorted(chunks[:, 0], np.arange(self._documents + 1))
        versions = near_duplicates(np.minimum.reduceat(signatures, starts[:-1], axis=0), near_duplicate)
        digests = np.frombuffer(self._digests, np.uint64)
        blocks = np.frombuffer(self._blocks, np.int64).reshape(-1, 3)
        total = len(np.unique(versions))
        blocks = blocks[np.isin(digests, recurring(digests, versions[blocks[:, 0]], total, fewest))]
        found: dict[int, Spans] = {}
        for document in np.unique(blocks[:, 0]).tolist():
            first, last = np.searchsorted(blocks[:, 0], (document, document + 1))
            stretches = blocks[first:last, 1:]
            for row in range(starts[document], starts[document + 1]):
                spans = boilerplate_spans(int(chunks[row, 1]), int(chunks[row, 2]), stretches)
                if spans:
                    found[row] = spans
        return found
