"""Impressions and actions: one JSON object a line in files, or in a list at `POST /v1/feedback`.

`type` says which of the two an object is. Times are ISO 8601 with an offset. `user` and `session` are names that the
caller gives; they are kept as keyed pseudonyms only.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Kind = Literal["click", "dwell", "copy", "like", "dislike", "reformulate", "abandon"]
"""What somebody did: open a hit, read it for `seconds`, copy from it, say that it helps or does not; or ask again in
other words, or leave, which are of the whole impression and name no hit."""


Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as it was shown, at `rank` (the topmost is 1). `team` is whose it is where two were interleaved."""

    rank: Annotated[int, Meta(ge=1, le=10_000)]
    document: Annotated[str, Meta(min_length=1, max_length=2_000)]
    chunk: Annotated[str, Meta(max_length=2_000)] = ""
    team: Annotated[str, Meta(max_length=100)] = ""


class Impression(msgspec.Struct, frozen=True, kw_only=True, tag="impression", tag_field="type"):
    """What one search showed. Where `consent` is false nothing of it is kept."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    time: Time
    query: Annotated[str, Meta(min_length=1, max_length=10_000)]
    hits: Annotated[list[Hit], Meta(max_length=1_000)] = []
    user: Annotated[str, Meta(max_length=200)] = ""
    session: Annotated[str, Meta(max_length=200)] = ""
    model: Annotated[str, Meta(max_length=200)] = ""
    mode: Annotated[str, Meta(max_length=20)] = ""
    consent: bool = False


class Action(msgspec.Struct, frozen=True, kw_only=True, tag="action", tag_field="type"):
    """What was done with an impression: the hit by `rank`, or by `document` (and `chunk`)."""

    impression: Annotated[str, Meta(min_length=1, max_length=100)]
    time: Time
    kind: Kind
    rank: Annotated[int, Meta(ge=0, le=10_000)] = 0
    document: Annotated[str, Meta(max_length=2_000)] = ""
    chunk: Annotated[str, Meta(max_length=2_000)] = ""
    seconds: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    user: Annotated[str, Meta(max_length=200)] = ""


Event = Impression | Action


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An impression with what was done with it, as the log gives it back: `user` and `session` are pseudonyms."""

    impression: Impression
    actions: list[Action]


def normalised(query: str) -> str:
    """What two spellings of one query have in common: letters' case and white space are not theirs."""
    return " ".join(query.casefold().split())
