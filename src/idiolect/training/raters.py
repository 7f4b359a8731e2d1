"""Who says how well a passage answers a query: a cross-encoder, or an LLM; each pair is paid for once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from idiolect.config import Generate
from idiolect.mining.rows import Rows, key_of
from idiolect.progress import Progress
from idiolect.records import Chunk, Query, TextRef
from idiolect.runtimes.cross_encoder import CrossEncoder, cross_encoder_digest
from idiolect.teachers.grounding import questions
from idiolect.teachers.judge import Judge


class Pair(NamedTuple):
    query: TextRef
    passage: TextRef


class Rater(Protocol):
    """`depth` is how far down a ranking it can be asked at the price of its kind."""

    name: str
    depth: int

    def rate(self, pairs: Sequence[Pair], progress: Progress) -> np.ndarray:
        """float32 [pairs], higher is better, on a scale of its own; NaN where it says nothing."""


class CrossEncoderRater:
    """Raw logits of a cross-encoder, kept as rows of `<directory>/<model digest>`; it is loaded when first needed."""

    name = "cross-encoder"
    depth = 30

    def __init__(self, model: str, directory: Path) -> None:
        """Raises ModelError where `model`, a directory or hub name, is no cross-encoder."""
        self.model = model
        self.rows = Rows(directory / cross_encoder_digest(model)[:16], 1)

    @cached_property
    def encoder(self) -> CrossEncoder:
        return CrossEncoder(self.model)

    def rate(self, pairs: Sequence[Pair], progress: Progress) -> np.ndarray:
        texts = [(pair.query.text, pair.passage.text) for pair in pairs]
        keys = [key_of("\0".join(pair)) for pair in texts]
        missing = self.rows.missing(dict(zip(keys, texts, strict=True)))
        if missing:
            progress.start("scoring with the cross-encoder", len(missing), "pairs")
            self.rows.complete(
                missing,
                lambda block: self._scores(block, progress),
                size=lambda pair: sum(map(len, pair)),
            )
            progress.finish()
        return self.rows.get(keys)[:, 0]

    def _scores(self, pairs: Sequence[tuple[str, str]], progress: Progress) -> np.ndarray:
        scores = self.encoder.scores(pairs)
        progress.advance(len(pairs))
        return scores[:, None]


class LLMRater:
    """The relevance, from 1 to 10, that generate's judge gives; its answers are kept in the SQLite file `cache`.

    Queries and passages in `withheld` are never sent: of those it says nothing, nor of what the
    caps generate.max_calls and generate.max_tokens leave unasked.  `documents` maps passages to theirs.
    """

    name = "llm"
    depth = 10

    def __init__(
        self,
        settings: Generate,
        cache: Path,
        withheld: Collection[str] = frozenset(),
        documents: Mapping[str, str] | None = None,
    ) -> None:
        self.judge = Judge(settings, cache)
        self.withheld, self.documents = frozenset(withheld), documents or {}

    def rate(self, pairs: Sequence[Pair], progress: Progress) -> np.ndarray:
        """Raises TeacherError where the endpoint cannot be used."""
        chunks = {pair.passage.id: self._chunk(pair.passage) for pair in pairs}
        asked = [
            (_query(pair.query), pair.passage.id)
            for pair in dict.fromkeys(pairs)
            if self.withheld.isdisjoint((pair.query.id, pair.passage.id))
        ]
        put = [replace(question, about="scores") for question in questions(asked, chunks)]
        verdicts = self.judge.ask(put, progress, "asking the judge")
        ratings = np.full(len(pairs), np.nan, np.float32)
        for place, pair in enumerate(pairs):
            if verdict := verdicts.get((pair.query.id, pair.passage.id)):
                ratings[place] = verdict.relevance
        if missing := len(asked) - len(verdicts):
            progress.note(f"the judge left {missing:,} of {len(asked):,} pairs of query and passage unrated")
        return ratings

    def _chunk(self, passage: TextRef) -> Chunk:
        return Chunk(
            id=passage.id,
            document_id=self.documents.get(passage.id, passage.id),
            title="",
            headings=[],
            text=passage.text,
            start=0,
            end=len(passage.text),
            tokens=0,
        )


def _query(query: TextRef) -> Query:
    return Query(id=query.id, text=query.text, positives=[], style="", teacher="")
