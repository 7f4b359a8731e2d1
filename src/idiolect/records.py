"""The records that stages hand one another through the files in WORK: small, typed, frozen."""

from typing import Any, Literal

import msgspec


class Record(msgspec.Struct, frozen=True):
    """Base of all records; equality by value, encoded as one JSON object a line."""


class Document(Record, frozen=True, kw_only=True):
    """One source document. `text` is what its reader extracted; chunk offsets count its characters."""

    id: str
    path: str
    title: str
    text: str
    sha256: str
    language: str = ""
    licence: str = ""
    verdicts: list[str] = []
    metadata: dict[str, Any] = {}


class Passage(Record, frozen=True, kw_only=True):
    """What is embedded and searched: `full_text` is the exact string that an encoder is given."""

    id: str
    title: str = ""
    text: str

    @property
    def full_text(self) -> str:
        """Title and text joined by a space, as BEIR's evaluations do."""
        return f"{self.title} {self.text}".strip()


class Chunk(Record, frozen=True, kw_only=True):
    """A stretch of a document: `document.text[start:end] == text`.

    `tokens` counts what the base model's encoder is given for it: passage prompt, title,
    headings, text and special tokens.
    """

    id: str
    document_id: str
    title: str
    headings: list[str]
    text: str
    start: int
    end: int
    tokens: int

    @property
    def context(self) -> str:
        """Title and heading path in one line: what a search result shows above the text."""
        return " › ".join(part for part in (self.title, *self.headings) if part)

    @property
    def passage(self) -> Passage:
        return Passage(id=self.id, title=self.context, text=self.text)


Holdout = Literal["none", "cut", "leave-out"]


class Query(Record, frozen=True, kw_only=True):
    """A query and the chunks that answer it.

    `holdout` says what keeps a query from being answered by its own copy: "none" (it was
    written, not copied), "cut" (its text is cut from every chunk that holds it, see
    `idiolect.mining.masking`), "leave-out" (its source chunk is no candidate at all, so it
    has no positives).  `source` is the chunk that it was written from or taken from.
    """

    id: str
    text: str
    positives: list[str]
    style: str
    hops: int = 1
    answer: str = ""
    teacher: str
    score: float = 0.0
    scores: dict[str, float] = {}
    source: str = ""
    holdout: Holdout = "none"


class RejectedQuery(Query, frozen=True, kw_only=True):
    reason: str


class RejectedDocument(Record, frozen=True, kw_only=True):
    path: str
    reason: str


SplitName = Literal["train", "dev", "test", "unused"]


class Split(Record, frozen=True, kw_only=True):
    query_id: str
    split: SplitName
    group: str


class TextRef(Record, frozen=True, kw_only=True):
    id: str
    text: str


class Negative(Record, frozen=True, kw_only=True):
    id: str
    text: str
    score: float


Objective = Literal["contrastive", "listwise"]


class TrainingExample(Record, frozen=True, kw_only=True):
    """One query with its candidates; `teacher_scores` are of the positive, then of each negative."""

    query_id: str
    query: str
    positive: TextRef
    negatives: list[Negative]
    teacher_scores: list[float]
    objective: Objective


class Fusion(Record, frozen=True, kw_only=True):
    """How dense and BM25 scores become one: z(dense) + weight · z(BM25), z over the corpus."""

    weight: float = 0.5
    k1: float = 0.9
    b: float = 0.4
    language: str = "en"
