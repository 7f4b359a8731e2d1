"""The teacher protocol's request for queries, and how its answer is read from whatever text came back."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

Message = dict[str, str]
"""One chat message: `role` and `content`."""


def list_format(name: str, listed: str, **keys: dict[str, Any]) -> dict[str, Any]:
    """The `response_format` called `name` of an answer that is one list, `listed`, of items with these keys."""
    item = {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}
    schema = {
        "type": "object",
        "properties": {listed: {"type": "array", "items": item}},
        "required": [listed],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def _queries_format(**further: Any) -> dict[str, Any]:
    return list_format(
        "queries",
        "queries",
        query={"type": "string"},
        style={"type": "string"},
        answer={"type": "string"},
        quality={"type": "integer", "minimum": 1, "maximum": 10},
        **further,
    )


QUERIES_FORMAT = _queries_format()
"""`response_format` of a request for queries; the optional keys are left out because strict servers
want every named key in every answer."""

MULTI_HOP_FORMAT = _queries_format(positives={"type": "array", "items": {"type": "string"}})
"""The same for several passages: each query names those that support it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The raw text that an endpoint answered, and the tokens it counted for it."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    truncated: bool = False


class WrittenQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One query of an answer, as the LLM gave it; `quality` lies in 1..10.

    `positives` are ids of passages, or the numbers that the request gave them.
    """

    query: str
    quality: float
    style: str | None = None
    answer: str | None = None
    hops: int | None = None
    positives: list[str | int] | str | int | None = None

    @property
    def named(self) -> list[str]:
        """What `positives` names, each once, as text."""
        found = self.positives if isinstance(self.positives, list) else [self.positives]
        return list(dict.fromkeys(str(name).strip() for name in found if name is not None))


class UnusableAnswerError(ValueError):
    """The text holds no answer of the protocol; the message says why, for the log and for the LLM."""


class UnsupportedQueryError(ValueError):
    """A query about several passages that does not say which of them support it; the message says how so."""


_NUMBER = re.compile(r"(?i:(?:passage|no\.?|number)\s*)?[\[(#]?0*([1-9]\d{0,3})[\])]?\.?")
_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_MOST_CANDIDATES = 256


def is_json(text: str) -> bool:
    """Whether the text is one JSON object and nothing else: what a server that knows schemas sends."""
    try:
        return isinstance(msgspec.json.decode(text.encode()), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def read_queries(answer: Answer) -> tuple[list[WrittenQuery], int]:
    """The queries of an answer, and how many of its items were malformed.

    JSON is found in code fences and prose too, and the whole items of a truncated list are kept.
    Raises UnusableAnswerError where there is no list of queries, or not one item of it is well-formed.
    """
    items = list_items(answer, "queries")
    written = [query for query in map(_written, items) if query is not None]
    if items and not written:
        raise UnusableAnswerError("no item has a text as `query` and a number from 1 to 10 as `quality`")
    return written, len(items) - len(written)


def supporting(query: WrittenQuery, ids: Sequence[str]) -> list[str]:
    """Those of the passages `ids` that the query names, by number from 1 or by id, in the order of `ids`.

    Raises UnsupportedQueryError where it names none, or one that was not shown.
    """
    found = set()
    for name in filter(None, query.named):
        number = _NUMBER.fullmatch(name)
        if number and int(number[1]) <= len(ids):
            found.add(ids[int(number[1]) - 1])
        elif name in ids:
            found.add(name)
        else:
            raise UnsupportedQueryError(f"malformed: names passage {name[:40]!r}, which was not shown")
    if not found:
        raise UnsupportedQueryError("malformed: names no passage that supports it")
    return [passage for passage in ids if passage in found]


def list_items(answer: Answer, name: str) -> list[Any]:
    """The items of the list `name` in an answer, however the text wraps it, not yet looked at.

    Raises UnusableAnswerError where there is none.
    """
    text = _THOUGHT.sub("", answer.text)
    if not text.strip():
        raise UnusableAnswerError("the answer is empty")
    loose: list[Any] = []
    found_json = False
    for value in _json_values(text):
        found_json = True
        if isinstance(value, dict) and isinstance(value.get(name), list):
            return list(value[name])
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return value
        if isinstance(value, dict) and "query" in value:
            loose.append(value)
    if loose:
        return loose
    if answer.truncated:
        raise UnusableAnswerError("the answer was cut off before its first item was complete")
    raise UnusableAnswerError(
        f"the JSON holds no list `{name}`" if found_json else "the answer holds no JSON"
    )


def _json_values(text: str) -> Iterator[Any]:
    """The JSON objects and arrays that stand in a text, from the left, inner ones of broken outer ones too."""
    decoder = json.JSONDecoder()
    at = 0
    for _ in range(_MOST_CANDIDATES):
        bracket = re.compile(r"[{\[]").search(text, at)
        if bracket is None:
            return
        at = bracket.start()
        try:
            _, end = decoder.raw_decode(text, at)
            yield msgspec.json.decode(text[at:end].encode())  # stricter than json: no NaN, no lone surrogates
            at = end
        except (ValueError, RecursionError):  # msgspec's DecodeError is a ValueError
            at += 1


def _written(item: Any) -> WrittenQuery | None:
    """A well-formed item with its quality as a number; strings that hold numbers are taken for them."""
    try:
        written = msgspec.convert(item, WrittenQuery, strict=False)
    except msgspec.ValidationError:
        return None
    return written if 1 <= written.quality <= 10 else None
