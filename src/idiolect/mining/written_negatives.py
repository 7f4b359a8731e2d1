"""Negatives that somebody wrote, put beside those that were mined from the corpus, with scores like theirs."""

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace

from idiolect.mining.fusion import candidates, standardise
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Chunk, Negative, Passage, TrainingExample, WrittenNegative


class WrittenNegatives:
    """Each query's written passage in the form of its source's: title and headings are the same and tell nothing.

    `added` counts the examples that got one.
    """

    def __init__(
        self,
        negatives: Iterable[WrittenNegative],
        chunks: Sequence[Chunk],
        corpus: Corpus,
        encoder: CachedEncoder,
    ) -> None:
        contexts = {chunk.id: chunk.context for chunk in chunks}
        self.corpus = corpus
        self.passages = {
            negative.query_id: Passage(id=negative.id, title=contexts[negative.source], text=negative.text)
            for negative in negatives
            if negative.source in contexts
        }
        texts = [passage.full_text for passage in self.passages.values()]
        self.vectors = dict(zip(self.passages, encoder.encode(texts, "passage"), strict=True))
        self.added = 0

    def beside(self, example: TrainingExample, vector: np.ndarray) -> TrainingExample:
        """The example with its query's written negative behind the mined ones, if there is one.

        `vector` is the query's, float32 [d].  No margin holds for what was written: a judge has said
        that it does not answer.
        """
        passage = self.passages.get(example.query_id)
        if passage is None or example.objective != "contrastive":
            return example
        self.added += 1
        score = self._score(example, vector, passage)
        return replace(
            example,
            negatives=[*example.negatives, Negative(id=passage.id, text=passage.full_text, score=score)],
            teacher_scores=[*example.teacher_scores, score],
        )

    def _score(self, example: TrainingExample, vector: np.ndarray, passage: Passage) -> float:
        """The fused score that the passage would have in the corpus, by the corpus's own mean and deviation."""
        corpus, weight = self.corpus, self.corpus.fusion.weight
        others = corpus.dense(vector)
        dense = np.array([self.vectors[example.query_id] @ vector])
        if not weight:
            return round(float(standardise(dense, among=others)[0]), 4)
        shared = corpus.lexical(example.query)
        inside = candidates(others, shared, corpus.fusion.candidates)
        lexical = np.array([corpus.bm25.score(example.query, passage.full_text)])
        score = standardise(dense, others[inside]) + weight * standardise(lexical, shared[inside])
        return round(float(score[0]), 4)
