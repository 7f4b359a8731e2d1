"""Guides: who says which passages of a batch must not count as negatives of a query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from idiolect.mining.negatives import below
from idiolect.mining.top import top
from idiolect.progress import Silent
from idiolect.records import TextRef
from idiolect.training.hybrid import Hybrid
from idiolect.training.raters import Pair, Rater

_NEAREST = 12  # passages of a batch that a rater is asked about for each query


@dataclass(frozen=True, kw_only=True)
class Guide:
    """Vectors of the frozen base, float32 and unit length: its cosines judge false negatives.

    `related` are the chunks of each query's positive documents, and their duplicates: never its
    negatives.  Another passage is none where it scores at least `margin` × the positive's score
    (NV-Retriever, arXiv 2407.15831).  `hybrid` is there where an objective or a guide needs it.
    """

    queries: Mapping[str, np.ndarray]
    passages: Mapping[str, np.ndarray]
    related: Mapping[str, frozenset[str]]
    margin: float
    hybrid: Hybrid | None = None

    def cosines(self, query_id: str, passage_ids: Sequence[str]) -> np.ndarray:
        """The base's cosines with a query: float32 [passages]."""
        vectors = np.stack([self.passages[identifier] for identifier in passage_ids])
        scores: np.ndarray = vectors @ self.queries[query_id]
        return scores

    def masked(self, query_id: str, own: Sequence[str], passage_ids: Sequence[str]) -> np.ndarray:
        """bool [passages]: True where a passage must not count as a negative of the query.

        `own` are the query's positive and its mined negatives, which were held to the margin on the
        fused scores already: they are never masked.
        """
        scores, positive = self.scores(query_id, own[0], passage_ids)
        known = self.related.get(query_id, frozenset())
        mask: np.ndarray = np.array([identifier in known for identifier in passage_ids])
        mask |= scores >= below(positive, self.margin)
        mask[[passage_ids.index(identifier) for identifier in self.kept(own)]] = False
        return mask

    def scores(self, query_id: str, positive_id: str, passage_ids: Sequence[str]) -> tuple[np.ndarray, float]:
        """What false negatives are judged by: float32 [passages], and what the positive scores."""
        return self.cosines(query_id, passage_ids), float(self.passages[positive_id] @ self.queries[query_id])

    def kept(self, own: Sequence[str]) -> Sequence[str]:
        """The query's own candidates that are never masked."""
        return own


@dataclass(frozen=True, kw_only=True)
class FusedGuide(Guide):
    """The base's fused scores judge."""

    hybrid: Hybrid = field()

    def scores(self, query_id: str, positive_id: str, passage_ids: Sequence[str]) -> tuple[np.ndarray, float]:
        scores = self.hybrid.fused(query_id, passage_ids)
        return scores, float(scores[passage_ids.index(positive_id)])


@dataclass(frozen=True, kw_only=True)
class RatedGuide(Guide):
    """A rater judges the passages that the base finds nearest, mined negatives among them; texts by their ids."""

    rater: Rater
    query_texts: Mapping[str, str]
    passage_texts: Mapping[str, str]

    def scores(self, query_id: str, positive_id: str, passage_ids: Sequence[str]) -> tuple[np.ndarray, float]:
        near = {passage_ids[column] for column in top(self.cosines(query_id, passage_ids), _NEAREST)}
        asked = [identifier for identifier in passage_ids if identifier in near or identifier == positive_id]
        query = TextRef(id=query_id, text=self.query_texts[query_id])
        pairs = [
            Pair(query, TextRef(id=identifier, text=self.passage_texts[identifier])) for identifier in asked
        ]
        rated = dict(zip(asked, self.rater.rate(pairs, Silent()), strict=True))
        scores = np.array([rated.get(identifier, np.nan) for identifier in passage_ids], np.float32)
        return scores, float(rated[positive_id])

    def kept(self, own: Sequence[str]) -> Sequence[str]:
        return own[:1]
