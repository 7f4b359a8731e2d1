"""`POST /v1/search` as records.

Fields that are not listed are ignored, as at /v1/embeddings; null counts as absent.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from idiolect.index.store import Found
from idiolect.server.contract import decoded, place
from idiolect.server.refusal import RefusedError

LONGEST = 10_000
"""Characters of a query; the model reads fewer, BM25 all of them."""

MOST_HITS = 100

MOST_CONDITIONS = 100

TOP = 10

Condition = Annotated[str, Meta(pattern=r"^[^=\x00]+=[^\x00]*$")]

CHOICES = {"mode": ("hybrid", "dense", "lexical"), "unit": ("chunk", "document")}


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    query: Annotated[
        str, Meta(min_length=1, max_length=LONGEST, description="what to look for, in any words")
    ]
    top: Annotated[int, Meta(ge=1, le=MOST_HITS, description="hits to return")] | None = TOP
    mode: Annotated[
        Literal["hybrid", "dense", "lexical"] | None,
        Meta(description="vectors, BM25, or both fused as the bundle says"),
    ] = "hybrid"
    where: (
        Annotated[
            list[Condition],
            Meta(
                max_length=MOST_CONDITIONS,
                description="KEY=VALUE, such as language=en: only documents that bear one of each key",
            ),
        ]
        | None
    ) = None
    unit: Annotated[
        Literal["chunk", "document"] | None, Meta(description="chunks, or each document's best chunk")
    ] = "chunk"
    context: (
        Annotated[int, Meta(ge=0, le=10, description="chunks on either side that come with a hit")] | None
    ) = 0
    user: (
        Annotated[str, Meta(description="who asks: kept as a keyed pseudonym, where feedback is kept")] | None
    ) = None
    session: (
        Annotated[
            str, Meta(max_length=200, description="what belongs together of what somebody asks: likewise")
        ]
        | None
    ) = None
    consent: (
        Annotated[
            bool, Meta(description="whether what is shown may be kept, to learn from what is done with it")
        ]
        | None
    ) = None


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`impression_id` is new for each answer; `model` is the one that encoded the query, or would have."""

    object: Literal["search"] = "search"
    impression_id: Annotated[str, Meta(pattern="^imp_[0-9a-f]{32}$")]
    model: str
    mode: Literal["hybrid", "dense", "lexical"]
    hits: list[Found]


_decoder = msgspec.json.Decoder(SearchRequest)


def parse(body: bytes) -> SearchRequest:
    """Read a request body; RefusedError with status 400 says what is wrong with it."""
    return decoded(_decoder, body, _explained)


def _explained(body: Any, error: msgspec.ValidationError) -> RefusedError:
    if not isinstance(body, dict):
        return RefusedError(400, "the body must be a JSON object with a query")
    if body.get("query") is None:
        return RefusedError(400, "query is required", param="query")
    message, param = place(error)
    if param == "query":
        message = _wrong_query(body["query"])
    elif param == "where":
        message = f"where must be a list of KEY=VALUE, such as language=en, {MOST_CONDITIONS} at most"
    elif param in CHOICES:
        message = f"{param} must be one of {', '.join(CHOICES[param])}, or null"
    return RefusedError(400, message, param=param)


def _wrong_query(value: Any) -> str:
    if not isinstance(value, str):
        return "query must be a string"
    if not value:
        return "query is empty: say what to look for"
    return f"query has {len(value):,} characters: send at most {LONGEST:,}"
