"""Training examples of one query after another: candidates, teacher scores, and what could not be had."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from idiolect.config import Prepare
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.masking import squeeze
from idiolect.mining.negatives import hard_negatives, listwise_candidates
from idiolect.mining.ranking import Corpus
from idiolect.mining.top import top
from idiolect.records import PEOPLE, Chunk, Negative, Objective, Query, TextRef, TrainingExample


class Miner:
    """Examples of one query after another; counts how many negatives were wanted and not to be had."""

    def __init__(
        self, chunks: Sequence[Chunk], corpus: Corpus, prepare: Prepare, seed: int, test: Sequence[Query]
    ) -> None:
        self.chunks = chunks
        self.corpus = corpus
        self.prepare = prepare
        self.seed = seed
        self.duplicates = {
            corpus.columns[identifier]: {corpus.columns[member] for member in members}
            for identifier, members in saying_the_same(chunks).items()
            if len(members) > 1
        }
        self.tested = self._with_duplicates(
            corpus.columns[identifier]
            for query in test
            for identifier in query.positives
            if identifier in corpus.columns
        )
        self.siblings = _siblings(chunks)
        self.shortfalls: Counter[str] = Counter()

    def examples(self, query: Query, vector: np.ndarray) -> Iterator[TrainingExample]:
        scores = self.corpus.fused(query.text, vector)
        generator = random.Random(f"{self.seed}/{query.id}")
        if query.copied:
            yield from self._distilled(query, scores, generator)
        else:
            yield from self._contrasted(query, scores, generator)

    def _contrasted(
        self, query: Query, scores: np.ndarray, generator: random.Random
    ) -> Iterator[TrainingExample]:
        """One example per positive, all with the same negatives."""
        positives = [self.corpus.columns[identifier] for identifier in query.positives]
        settings = self.prepare
        negatives = hard_negatives(
            scores,
            positives,
            self.banned(positives),
            settings.negatives,
            settings.margin,
            settings.candidates,
            generator,
        )
        if len(negatives) < settings.negatives:
            self.shortfalls[f"{len(negatives)} of {settings.negatives} negatives"] += 1
        for positive in positives:
            yield self._example(query, [positive, *negatives], scores, "contrastive")

    def _distilled(
        self, query: Query, scores: np.ndarray, generator: random.Random
    ) -> Iterator[TrainingExample]:
        """The fused ranking of passages other than the query's own source, if fusion adds anything to dense."""
        if not self.corpus.fusion.weight:
            self.shortfalls["no lexical teacher (fusion weight 0)"] += 1
            return
        settings = self.prepare
        source = self.corpus.columns[query.source]
        banned = self.tested | self._with_duplicates([source]) | _overlapping(self.chunks, source)
        stretch = squeeze(query.cut)
        if stretch:
            ranked = top(scores, settings.candidates + len(banned))
            banned |= {int(column) for column in ranked if stretch in squeeze(self.chunks[column].text)}
        columns = listwise_candidates(scores, banned, settings.listwise, settings.candidates, generator)
        if len(columns) < 2:
            self.shortfalls["too few candidates"] += 1
            return
        yield self._example(query, columns, scores, "listwise")

    def banned(self, positives: Sequence[int]) -> set[int]:
        """The columns that are no negatives of a query with these positives: they test, or may answer.

        Duplicates of a positive answer as well, and other chunks of its document often do.
        """
        banned = self.tested | self._with_duplicates(positives)
        return banned.union(*(self.siblings[self.chunks[column].document_id] for column in positives))

    def _with_duplicates(self, columns: Iterable[int]) -> set[int]:
        return {member for column in columns for member in self.duplicates.get(column, {column})}

    def _example(
        self, query: Query, columns: Sequence[int], scores: np.ndarray, objective: Objective
    ) -> TrainingExample:
        texts = [self.corpus.passages[column].full_text for column in columns]
        values = [round(float(scores[column]), 4) for column in columns]
        return TrainingExample(
            query_id=query.id,
            query=query.text,
            positive=TextRef(id=self.corpus.ids[columns[0]], text=texts[0]),
            negatives=[
                Negative(id=self.corpus.ids[column], text=text, score=value)
                for column, text, value in zip(columns[1:], texts[1:], values[1:], strict=True)
            ],
            teacher_scores=values,
            objective=objective,
            asked=query.teacher == PEOPLE,
        )


def _siblings(chunks: Sequence[Chunk]) -> dict[str, set[int]]:
    """Document id → the columns of its chunks."""
    siblings: dict[str, set[int]] = defaultdict(set)
    for column, chunk in enumerate(chunks):
        siblings[chunk.document_id].add(column)
    return siblings


def _overlapping(chunks: Sequence[Chunk], column: int) -> set[int]:
    """The columns next to one that share text with it."""
    chunk = chunks[column]
    return {
        other
        for other in (column - 1, column + 1)
        if 0 <= other < len(chunks)
        and chunks[other].document_id == chunk.document_id
        and chunks[other].start < chunk.end
        and chunk.start < chunks[other].end
    }
