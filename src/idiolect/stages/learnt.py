"""What prepare does with what feedback taught: training queries of different weights, and what people passed over."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

import numpy as np
from msgspec.structs import replace

from idiolect.evaluation.labels import normalised
from idiolect.lifecycle.feedback.learnt import LearntQuery, Passed, Positive, read_learnt
from idiolect.mining.examples import Miner
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import PEOPLE, Chunk, Negative, Query, Split, SplitName, TrainingExample
from idiolect.stages.context import Context, Summary
from idiolect.stages.labelled import not_held_out

STYLE = "feedback"


class Taught:
    """Queries that train, and no more than that: nobody has judged what was not shown, so they measure nothing.

    `left_out`: why others do not train → how many.  Weights are divided by their mean over the rows that train:
    those rows together count as much as as many rows of any other query.
    """

    def __init__(
        self,
        context: Context,
        chunks: Sequence[Chunk],
        groups: Mapping[str, str],
        split_of: Mapping[str, SplitName],
    ) -> None:
        used = context.config.prepare.feedback
        self.given = list(read_learnt(context.workspace.learnt_queries)) if used else []
        self.left_out: Counter[str] = Counter()
        self.most = context.config.prepare.negatives
        self.added = 0
        self.queries: list[Query] = []
        self._groups, self._split_of = groups, split_of
        self._free = not_held_out(chunks, groups, split_of)
        self._parts: dict[str, list[int]] = {}
        for column, chunk in enumerate(chunks):
            self._parts.setdefault(chunk.document_id, []).append(column)
        self._weights: dict[tuple[str, str], float] = {}
        self._passed: dict[str, list[int]] = {}

    def take(
        self,
        miner: Miner,
        encoder: CachedEncoder,
        held_out: Collection[str],
        asked: Collection[str],
    ) -> None:
        """Find the passages of each query that may train; `held_out` and `asked` are words of others' queries.

        None may train whose words a dev or test query has, nor one that a document answers which is held out for
        these.  Where people labelled a training query, that stands, and what was clicked for it is left out.
        """
        corpus = miner.corpus
        vectors = encoder.encode([query.text for query in self.given], "query")
        for query, vector in zip(self.given, vectors, strict=True):
            words = normalised(query.text)
            known = [one for one in query.positives if one.document in self._parts]
            if words in held_out:
                self.left_out["the words of a dev or test query"] += 1
            elif words in asked:
                self.left_out["labelled by people"] += 1
            elif not known:
                self.left_out["no document that may train"] += 1
            elif not self._free.issuperset(one.document for one in known):
                self.left_out["held out for dev or test"] += 1
            else:
                self._take(query, known, miner, corpus.fused(query.text, vector))
        mean = fmean(self._weights.values()) if self._weights else 1.0
        self._weights = {key: weight / mean for key, weight in self._weights.items()}

    def beside(self, example: TrainingExample, vector: np.ndarray, corpus: Corpus) -> TrainingExample:
        """The example with its weight, and with what people passed over in the place of mined negatives.

        `vector` is the query's, float32 [d].
        """
        weight = self._weights.get((example.query_id, example.positive.id))
        if weight is None:
            return example
        scores = corpus.fused(example.query, vector)
        passed = [
            Negative(
                id=corpus.ids[column],
                text=corpus.passages[column].full_text,
                score=round(float(scores[column]), 4),
            )
            for column in self._passed.get(example.query_id, ())
        ]
        self.added += len(passed)
        names = {one.id for one in passed}
        mined = [one for one in example.negatives if one.id not in names]
        negatives = [*passed, *mined][: max(self.most, len(passed))]
        return replace(
            example,
            weight=round(weight, 4),
            negatives=negatives,
            teacher_scores=[example.teacher_scores[0], *(one.score for one in negatives)],
        )

    @property
    def splits(self) -> list[Split]:
        """A record for every query; what must stay together are queries of the same words."""
        trains = {query.id for query in self.queries}
        return [
            Split(
                query_id=one.id, split="train" if one.id in trains else "unused", group=normalised(one.text)
            )
            for one in self.given
        ]

    def tell(self, progress: Progress) -> Summary:
        """What became of it, said and counted; nothing where nothing was learnt."""
        if not self.given:
            return {}
        progress.note(
            f"feedback: {len(self.queries):,} of {len(self.given):,} learnt queries train, "
            f"with {self.added:,} negatives that people passed over"
        )
        for reason, count in self.left_out.items():
            progress.note(f"{count:,} learnt queries left out: {reason}")
        facts = {"train": len(self.queries), "negatives": self.added, "left_out": dict(self.left_out)}
        return {"feedback": facts}

    def _take(self, query: LearntQuery, known: Sequence[Positive], miner: Miner, scores: np.ndarray) -> None:
        corpus = miner.corpus
        weights: dict[int, float] = {}
        for one in known:
            column = self._column(one, corpus, scores)
            weights[column] = max(one.weight, weights.get(column, 0.0))
        if any(self._split_of.get(self._groups[corpus.ids[column]]) in ("dev", "test") for column in weights):
            self.left_out["held out for dev or test"] += 1
            return
        positives = [corpus.ids[column] for column in weights]
        self._weights |= {
            (query.id, name): weight for name, weight in zip(positives, weights.values(), strict=True)
        }
        banned = miner.banned(list(weights))
        passed = (self._column(one, corpus, scores) for one in query.negatives if one.document in self._parts)
        self._passed[query.id] = [column for column in dict.fromkeys(passed) if column not in banned][
            : self.most
        ]
        self.queries.append(
            Query(
                id=query.id,
                text=query.text,
                positives=positives,
                style=STYLE,
                teacher=PEOPLE,
                source=positives[0],
            )
        )

    def _column(self, one: Positive | Passed, corpus: Corpus, scores: np.ndarray) -> int:
        """The chunk that was shown, or where there is none any more its document's best by the fused ranking."""
        parts = self._parts[one.document]
        shown = corpus.columns.get(one.chunk)
        return shown if shown in parts else max(parts, key=scores.__getitem__)
