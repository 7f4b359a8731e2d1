"""Who agrees that a hit which people passed over does not answer: a ranking of the corpus, or a rater of pairs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from idiolect.lifecycle.feedback.negatives import Doubt, Opinion
from idiolect.lifecycle.feedback.positives import Key
from idiolect.mining.ranking import Corpus
from idiolect.progress import Progress
from idiolect.records import TextRef
from idiolect.runtimes.base import TextEncoder
from idiolect.training.raters import Pair, Rater


class Confirmer:
    """A teacher: the fused scores of a corpus of chunks, or, where one is given, what a rater says of them.

    Of a hit that names no chunk, its document's best by the fused ranking is judged.  Where a rater says nothing of one
    of the positives, the lowest is not known: NaN.
    """

    def __init__(
        self,
        corpus: Corpus,
        owners: Sequence[str],
        encoder: TextEncoder,
        progress: Progress,
        rater: Rater | None = None,
    ) -> None:
        """`owners` are the documents of the corpus's passages."""
        self.corpus, self.encoder, self.rater, self.progress = corpus, encoder, rater, progress
        self.parts: dict[str, list[int]] = defaultdict(list)
        for column, document in enumerate(owners):
            self.parts[document].append(column)

    def __call__(self, doubts: Sequence[Doubt]) -> list[Opinion | None]:
        if not doubts:
            return []
        texts = {doubt.words: doubt.text for doubt in doubts}
        vectors = self.encoder.encode(list(texts.values()), "query")
        fused = {
            words: self.corpus.fused(text, vector)
            for (words, text), vector in zip(texts.items(), vectors, strict=True)
        }
        meant = [
            (self._column(doubt.hit, fused[doubt.words]), self._columns(doubt, fused)) for doubt in doubts
        ]
        scores = self._scores(doubts, meant, fused)
        return [
            Opinion(
                scores[doubt.words, hit], float(np.min([scores[doubt.words, column] for column in answers]))
            )
            if hit is not None and answers
            else None
            for doubt, (hit, answers) in zip(doubts, meant, strict=True)
        ]

    def _columns(self, doubt: Doubt, fused: Mapping[str, np.ndarray]) -> list[int]:
        found = [self._column(key, fused[doubt.words]) for key in doubt.positives]
        return [column for column in found if column is not None]

    def _column(self, key: Key, scores: np.ndarray) -> int | None:
        document, chunk = key
        if chunk in self.corpus.columns:
            return self.corpus.columns[chunk]
        return max(self.parts.get(document, ()), key=scores.__getitem__, default=None)

    def _scores(
        self,
        doubts: Sequence[Doubt],
        meant: Sequence[tuple[int | None, list[int]]],
        fused: Mapping[str, np.ndarray],
    ) -> dict[tuple[str, int], float]:
        """(normalised query, column) → the score of the one who is asked."""
        wanted = {
            (doubt.words, column): doubt.text
            for doubt, (hit, answers) in zip(doubts, meant, strict=True)
            if hit is not None and answers
            for column in (hit, *answers)
        }
        if self.rater is None:
            return {(words, column): float(fused[words][column]) for words, column in wanted}
        passages = self.corpus.passages
        pairs = [
            Pair(
                TextRef(id=words, text=text),
                TextRef(id=passages[column].id, text=passages[column].full_text),
            )
            for (words, column), text in wanted.items()
        ]
        return dict(zip(wanted, self.rater.rate(pairs, self.progress).tolist(), strict=True))
