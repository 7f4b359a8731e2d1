"""A corpus as a ranker sees it: passages with their vectors and their BM25 index, scored query by query."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from idiolect.mining.fusion import fuse
from idiolect.mining.lexical import BM25
from idiolect.records import Fusion, Passage


class Corpus:
    """Passages, their unit vectors (float32 [passages, d]) and, when first asked for, their BM25 index."""

    def __init__(
        self, passages: Sequence[Passage], vectors: np.ndarray, fusion: Fusion, bm25: BM25 | None = None
    ) -> None:
        """`bm25` is an index of the same passages that another corpus has built already."""
        self.passages = passages
        self.vectors = vectors
        self.fusion = fusion
        self.ids = [passage.id for passage in passages]
        self.columns = {identifier: column for column, identifier in enumerate(self.ids)}
        self._bm25 = bm25

    @cached_property
    def bm25(self) -> BM25:
        return self._bm25 or BM25([passage.full_text for passage in self.passages], self.fusion)

    def dense(self, vector: np.ndarray) -> np.ndarray:
        """Cosine of one query vector with every passage: float32 [passages]."""
        scores: np.ndarray = self.vectors @ vector
        return scores

    def lexical(self, text: str) -> np.ndarray:
        """BM25 of one query with every passage: float32 [passages]."""
        return self.bm25.scores(text)

    def fused(self, text: str, vector: np.ndarray) -> np.ndarray:
        """Fused score of one query with every passage: float32 [passages]."""
        dense, fusion = self.dense(vector), self.fusion
        return fuse(dense, self.lexical(text) if fusion.weight else dense, fusion.weight, fusion.candidates)
