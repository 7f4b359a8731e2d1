"""The teacher protocol's request for judgment, and how its answer is read from whatever text came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from msgspec import Meta

from idiolect.records import Chunk, Query
from idiolect.teachers.cache import Shown
from idiolect.teachers.messages import quoted
from idiolect.teachers.per_query import Item, read_items
from idiolect.teachers.protocol import Answer, Message, UnusableAnswerError, list_format

CRITERIA = ("relevance", "accuracy", "context_support", "clarity", "standalone")

JUDGE_FORMAT = list_format(
    "judge",
    "verdicts",
    query={"type": "string"},
    **{name: {"type": "integer", "minimum": 1, "maximum": 10} for name in CRITERIA},
)
"""`response_format` of a request for judgment."""

_TOKENS_A_VERDICT = 80

Score = Annotated[int, Meta(ge=1, le=10)]


class Verdict(Item, frozen=True, kw_only=True):
    """What the judge says of one query and one passage, each from 1 to 10; `standalone` is optional."""

    relevance: Score
    accuracy: Score
    context_support: Score
    clarity: Score
    standalone: Score | None = None

    @property
    def scores(self) -> dict[str, int]:
        return {name: value for name in CRITERIA if (value := getattr(self, name)) is not None}

    @property
    def lowest(self) -> tuple[str, int]:
        """The criterion with the lowest score, and that score; of equals the first."""
        return min(self.scores.items(), key=lambda item: item[1])


@dataclass(frozen=True)
class Question:
    """One request: a chunk, and the queries that it is said to answer.

    `about` says what the verdicts are for: whether the queries are kept, whether the "chunk", which is
    then a written negative, is kept, or scores to be distilled.
    """

    chunk: Chunk
    queries: tuple[Query, ...]
    about: Literal["queries", "negative", "scores"] = "queries"

    @property
    def response_format(self) -> dict[str, Any]:
        return JUDGE_FORMAT

    @property
    def answer_tokens(self) -> int:
        return _TOKENS_A_VERDICT * len(self.queries)

    @property
    def shown(self) -> list[Shown]:
        document = Shown("document", self.chunk.document_id, "judged")
        if self.about == "negative":
            judged = [Shown("query", query.id, "judged") for query in self.queries]
            return [document, Shown("written-negative", self.chunk.id, "verdict"), *judged]
        role: Literal["rated", "verdict"] = "rated" if self.about == "scores" else "verdict"
        judged = [Shown("query", query.id, role) for query in self.queries]
        return [document, Shown("chunk", self.chunk.id, "judged"), *judged]

    def messages(self) -> list[Message]:
        lines = [quoted(self.chunk), "", "Queries:"]
        for query in self.queries:
            lines.append(f"- {query.text}")
            if query.answer:
                lines.append(f"  expected answer: {query.answer}")
            if query.hops > 1 and len(query.positives) > 1:
                lines.append(f"  one of {len(query.positives)} passages")
        return [{"role": "system", "content": _rubric()}, {"role": "user", "content": "\n".join(lines)}]

    def read(self, answer: Answer) -> tuple[dict[str, Verdict], int]:
        return read_verdicts(answer, self.queries)


@cache
def _rubric() -> str:
    return (files("idiolect.teachers") / "judging" / "rubric.md").read_text(encoding="utf-8").strip()


def read_verdicts(answer: Answer, queries: Sequence[Query]) -> tuple[dict[str, Verdict], int]:
    """Query id → its verdict, and how many items of the answer were malformed or of no query asked about.

    The harsher of two verdicts on one query counts.  Queries that the answer leaves out are not in
    the result.  Raises UnusableAnswerError where there is no list of verdicts, or not one of them can
    be used.
    """
    found, unusable = read_items(answer, "verdicts", queries, Verdict)
    if unusable and not found:
        raise UnusableAnswerError(
            "no verdict has the exact words of a query as `query` and integers from 1 to 10 as "
            + ", ".join(f"`{name}`" for name in CRITERIA)
        )
    verdicts: dict[str, Verdict] = {}
    for identifier, verdict in found:
        if identifier not in verdicts or verdict.lowest[1] < verdicts[identifier].lowest[1]:
            verdicts[identifier] = verdict
    return verdicts, unusable
