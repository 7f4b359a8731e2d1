"""The teacher protocol's request for judgment, and how its answer is read from whatever text came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import msgspec

from idiolect.records import Chunk, Query
from idiolect.teachers.filters import plain
from idiolect.teachers.protocol import Answer, Message, UnusableAnswerError, list_items

CRITERIA = ("relevance", "accuracy", "context_support", "clarity", "standalone")

JUDGE_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "judge",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                "verdicts": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "query": {"type": "string"},
                            **{name: {"type": "integer", "minimum": 1, "maximum": 10} for name in CRITERIA},
                        },
                        "required": ["query", *CRITERIA],
                        "additionalProperties": False,
                    },
                }
            },
            "required": ["verdicts"],
            "additionalProperties": False,
        },
    },
}
"""`response_format` of a request for judgment."""

_QUOTED_BACK = 2_000


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge says of one query and one passage, each from 1 to 10; `standalone` is optional."""

    query: str
    relevance: int
    accuracy: int
    context_support: int
    clarity: int
    standalone: int | None = None

    @property
    def scores(self) -> dict[str, int]:
        return {name: value for name in CRITERIA if (value := getattr(self, name)) is not None}

    @property
    def lowest(self) -> tuple[str, int]:
        """The criterion with the lowest score, and that score; of equals the first."""
        return min(self.scores.items(), key=lambda item: item[1])


@dataclass(frozen=True)
class Question:
    """One request: a chunk, and the queries that it is said to answer."""

    chunk: Chunk
    queries: tuple[Query, ...]

    def messages(self) -> list[Message]:
        chunk = self.chunk
        lines = [f"Title: {chunk.title}"] if chunk.title else []
        if chunk.headings:
            lines.append("Section: " + " › ".join(chunk.headings))
        lines += [f"<passage>\n{chunk.text}\n</passage>", "", "Queries:"]
        for query in self.queries:
            lines.append(f"- {query.text}")
            if query.answer:
                lines.append(f"  expected answer: {query.answer}")
            if query.hops > 1 and len(query.positives) > 1:
                lines.append(f"  one of {len(query.positives)} passages")
        rubric = (files("idiolect.teachers") / "judging" / "rubric.md").read_text(encoding="utf-8").strip()
        return [{"role": "system", "content": rubric}, {"role": "user", "content": "\n".join(lines)}]

    def again(self, answer: str, problem: str) -> list[Message]:
        """The request once more, with the unusable answer and what was wrong with it."""
        complaint = f"That cannot be used: {problem}. Answer again, with the JSON object alone."
        return [
            *self.messages(),
            {"role": "assistant", "content": answer[:_QUOTED_BACK]},
            {"role": "user", "content": complaint},
        ]


def read_verdicts(answer: Answer, queries: Sequence[Query]) -> tuple[dict[str, Verdict], int]:
    """Query id → its verdict, and how many items of the answer were malformed or of no query asked about.

    Queries are recognised by their words, whatever became of case and punctuation; the harsher of
    two verdicts on one counts.  Queries that the answer leaves out are not in the result.
    Raises UnusableAnswerError where there is no list of verdicts, or not one of them can be used.
    """
    items = list_items(answer, "verdicts")
    asked = {plain(query.text): query.id for query in queries}
    verdicts: dict[str, Verdict] = {}
    unusable = 0
    for item in items:
        verdict = _verdict(item)
        identifier = asked.get(plain(verdict.query)) if verdict else None
        if verdict is None or identifier is None:
            unusable += 1
        elif identifier not in verdicts or verdict.lowest[1] < verdicts[identifier].lowest[1]:
            verdicts[identifier] = verdict
    if items and not verdicts:
        raise UnusableAnswerError(
            "no verdict has the exact words of a query as `query` and integers from 1 to 10 as "
            + ", ".join(f"`{name}`" for name in CRITERIA)
        )
    return verdicts, unusable


def _verdict(item: Any) -> Verdict | None:
    """A well-formed item; strings that hold integers are taken for them."""
    try:
        verdict = msgspec.convert(item, Verdict, strict=False)
    except msgspec.ValidationError:
        return None
    return verdict if all(1 <= score <= 10 for score in verdict.scores.values()) else None
