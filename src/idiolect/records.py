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


WITHHELD = "no-llm"
"""The verdict on a document of which nothing is ever sent to an LLM, nor to any other endpoint."""

UNTRAINED = "no-train"
"""The verdict on a document that takes no part in training, in choosing, or in measuring what was trained."""

UNINDEXED = "no-index"
"""The verdict on a document that no search finds."""

UNSHARED = "no-redistribute"
"""The verdict on a document of which nothing may be handed on, nor what was made of it."""


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
    headings, text and special tokens.  `duplicate_of` names the chunk that trains in its place,
    where another says the same; `boilerplate` are the stretches `text[start:end]` that recur
    over many documents.  All chunks are searched, whatever these say.  `verdicts` are those of its
    document that keep it out of training (`UNTRAINED`) or out of searches (`UNINDEXED`).
    """

    id: str
    document_id: str
    title: str
    headings: list[str]
    text: str
    start: int
    end: int
    tokens: int
    duplicate_of: str = ""
    boilerplate: list[tuple[int, int]] = []
    verdicts: list[str] = []

    @property
    def context(self) -> str:
        """Title and heading path in one line: what a search result shows above the text."""
        return " › ".join(part for part in (self.title, *self.headings) if part)

    @property
    def passage(self) -> Passage:
        return Passage(id=self.id, title=self.context, text=self.text)

    @property
    def trains(self) -> bool:
        """Whether queries are written for it: it may train, is no duplicate, and mostly no boilerplate."""
        recurring = sum(end - start for start, end in self.boilerplate)
        return UNTRAINED not in self.verdicts and not self.duplicate_of and 2 * recurring < len(self.text)


class Query(Record, frozen=True, kw_only=True):
    """A query and the chunks that answer it.

    `source` is the chunk that it was written or copied from.  A `copied` query would find its
    own copy, so its source is left out of the candidates in training, and in dev and test the
    stretch `cut` is removed from every passage that holds it (see `idiolect.mining.masking`);
    without a `cut` it can only train.
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
    copied: bool = False
    cut: str = ""


class RejectedQuery(Query, frozen=True, kw_only=True):
    reason: str


class WrittenNegative(Record, frozen=True, kw_only=True):
    """A passage that just misses a query: written from the chunk `source`, trained against, never searched.

    `changed` says which fact of the chunk it changes or leaves out, `scores` what the judge says of it.
    """

    id: str
    query_id: str
    source: str
    text: str
    changed: str
    teacher: str
    scores: dict[str, float] = {}


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


PEOPLE = "people"
"""The teacher of queries that somebody asked."""


class TrainingExample(Record, frozen=True, kw_only=True):
    """One query with its candidates; `teacher_scores` are of the positive, then of each negative.

    `asked`: somebody asked it, it is not made up.  `weight` multiplies its share in the loss.
    """

    query_id: str
    query: str
    positive: TextRef
    negatives: list[Negative]
    teacher_scores: list[float]
    objective: Objective
    asked: bool = False
    weight: float = 1.0


class Fusion(Record, frozen=True, kw_only=True):
    """How dense and BM25 scores become one: z(dense) + weight · z(BM25).

    Each z is over the union of both sides' best `candidates`, and no other passage ranks before one
    of these: a search that sees no more of the corpus finds the same.
    """

    weight: float = 0.5
    k1: float = 0.9
    b: float = 0.4
    language: str = "en"
    candidates: int = 1_000


class FrozenTest(Record, frozen=True, kw_only=True):
    """The test queries that later runs keep: what they are, and the text that they were judged against.

    `passages` maps each positive to the digest of its text; where one has changed or gone, the
    test is drawn anew.
    """

    digest: str
    seed: int
    test_fraction: float
    teacher: str
    queries: list[Query]
    passages: dict[str, str]
    groups: list[str]


class CarriedChunk(Record, frozen=True, kw_only=True):
    """A chunk of the round before, and where its document's queries stood.

    `digest` is of the passage that was embedded, `said` of the text alone: a file's new name can be a new title.
    """

    id: str
    document_id: str
    digest: str
    said: str
    split: SplitName


class Mining(Record, frozen=True, kw_only=True):
    """What prepare found about the corpus: the base's fusion and the curve that chose its weight.

    `weight_curves`: what that curve is the mean of, "masked" and, where people's queries are enough, "labelled".
    `weight_interval`: where 95% of the weights lie that other draws of the same queries would choose.
    """

    fusion: Fusion
    weight_curve: dict[str, float]
    masked: list[Query]
    weight_curves: dict[str, dict[str, float]] = {}
    weight_interval: tuple[float, float] | None = None


class Selection(Record, frozen=True, kw_only=True):
    """What train chose on dev: the share of the weights' change that is kept, and each side's fusion.

    `shares` maps each share that was tried to its dev scores ("queries/dense", "masked/hybrid", …);
    `guards`, where there are any, each that was held against them to theirs, "0" being the base.
    """

    share: float
    shares: dict[str, dict[str, float]]
    judged_by: str
    dimensions: tuple[int, ...]
    fusion: dict[str, Fusion]
    weight_curve: dict[str, float]
    training: dict[str, Any]
    weight_curves: dict[str, dict[str, float]] = {}
    weight_intervals: dict[str, tuple[float, float]] = {}
    guards: dict[str, dict[str, float]] = {}
