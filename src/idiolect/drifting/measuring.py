"""Texts made into what detectors take, with the model that is served."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from tokenizers import Tokenizer

from idiolect.drifting.corpus import Trained
from idiolect.evaluation.labels import normalised
from idiolect.lifecycle.drift.nearest import Pool, nearest
from idiolect.lifecycle.drift.samples import Measured, Text
from idiolect.lifecycle.drift.traits import Vocabulary, language, lengths, script, subwords
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.runtimes.base import Kind, TextEncoder, Vectors


@dataclass(frozen=True)
class Measuring:
    """`served` encodes what people ask and new documents, of which no vector is kept; `kept` what WORK holds."""

    trained: Trained
    served: TextEncoder
    kept: CachedEncoder
    tokenizer: Tokenizer
    progress: Progress

    @cached_property
    def passages(self) -> Pool:
        return self._pool(self.trained.passages, "passage", "encoding WORK's chunks")

    @cached_property
    def training_queries(self) -> Pool:
        return self._pool(self.trained.queries, "query", "encoding training queries")

    @cached_property
    def worded(self) -> Pool:
        """Training queries by their words instead of their documents."""
        words = [normalised(text.text) for text in self.trained.queries]
        return Pool(self.training_queries.vectors, words)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.trained.passages)

    def queries(self, texts: Sequence[Text]) -> Measured:
        """What people asked; a query's source is that of the document found first.

        Of training queries those of the same words cover nothing: a model that learnt from feedback has been trained
        on the very reference, and would cover it better than anything that is asked later.
        """
        vectors = self.encoded(texts, "query")
        best = nearest(vectors, self.passages)
        found = [self.passages.groups[row] for row in best.row]
        known = self.trained.documents
        told = [language(text.text) for text in texts]
        numbers = {
            "top_score": best.score,
            "margin": best.margin,
            "uncovered": nearest(vectors, self.worded, [normalised(text.text) for text in texts]).score,
        }
        sliced = [
            msgspec.structs.replace(text, slices={"language": code, "source": known.get(document, "")})
            for text, code, document in zip(texts, told, found, strict=True)
        ]
        return self._measured(sliced, vectors, numbers)

    def training(self, texts: Sequence[Text]) -> Measured:
        """Training queries, each left out of those that it is held against, with all that are of its document."""
        vectors = self.encoded(texts, "query")
        scores = nearest(vectors, self.training_queries, [text.group for text in texts]).score
        return Measured(texts, vectors, {"uncovered": scores}, {})

    def documents(self, texts: Sequence[Text], of_work: bool) -> Measured:
        """Chunks, held against those of other documents alone."""
        vectors = self._known(texts, "passage") if of_work else self.encoded(texts, "passage")
        scores = nearest(vectors, self.passages, [text.group for text in texts]).score
        return self._measured(texts, vectors, {"uncovered": scores})

    def encoded(self, texts: Sequence[Text], kind: Kind) -> Vectors:
        return self.served.encode([text.text for text in texts], kind)

    def _measured(self, texts: Sequence[Text], vectors: Vectors, numbers: dict[str, np.ndarray]) -> Measured:
        numbers = numbers | {
            "length": lengths(texts),
            "unknown_words": np.array([self.vocabulary.unknown(text) for text in texts]),
            "subwords": subwords(texts, self.tokenizer),
        }
        classes = {
            "language": [text.slices.get("language", "") for text in texts],
            "script": [script(text.text) for text in texts],
        }
        return Measured(texts, vectors, numbers, classes)

    def _pool(self, texts: Sequence[Text], kind: Kind, task: str) -> Pool:
        self.progress.start(task, len(texts), "texts")
        vectors = self.kept.encode([text.text for text in texts], kind, self.progress.advance)
        self.progress.finish()
        return Pool(vectors, [text.group for text in texts])

    def _known(self, texts: Sequence[Text], kind: Kind) -> Vectors:
        return self.kept.encode([text.text for text in texts], kind)


def some(texts: Sequence[Text], most: int, seed: int) -> list[Text]:
    """A draw of at most `most`."""
    return list(texts) if len(texts) <= most else random.Random(seed).sample(list(texts), most)
