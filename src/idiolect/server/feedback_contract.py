"""`POST /v1/feedback` as records: one event, or a list; the events' own are in `lifecycle.feedback.events`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from idiolect.lifecycle.feedback.decoding import NoEventError, SetAside, UnusableError, decoded
from idiolect.lifecycle.feedback.events import Event
from idiolect.server.refusal import RefusedError

MOST_EVENTS = 1_000


class FeedbackAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`again` were kept before, `waiting` are actions whose impression is not known yet; `place` counts from 1."""

    object: Literal["feedback"] = "feedback"
    impressions: Annotated[int, Meta(ge=0)]
    actions: Annotated[int, Meta(ge=0)]
    again: Annotated[int, Meta(ge=0)]
    waiting: Annotated[int, Meta(ge=0)]
    set_aside: list[SetAside]


_list = msgspec.json.Decoder(list[msgspec.Raw])
_one = msgspec.json.Decoder(msgspec.Raw)

Told = tuple[list[tuple[int, Event]], list[SetAside]]
"""Events with their places in the list, and what is none of them."""


def parse(body: bytes) -> Told:
    """Read a request body; RefusedError with status 400 where it holds no event."""
    try:
        listed = body.lstrip().startswith(b"[")
        entries = _list.decode(body) if listed else [_one.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, f"the body is not valid JSON ({error})") from None
    if not 1 <= len(entries) <= MOST_EVENTS:
        raise RefusedError(400, f"the body lists {len(entries):,} events: send 1 to {MOST_EVENTS:,}")
    events, aside, shaped = [], [], False
    for place, entry in enumerate(entries, 1):
        try:
            events.append((place, decoded(bytes(entry))))
        except NoEventError as error:
            shaped = shaped or isinstance(error, UnusableError)
            aside.append(SetAside(place=place, reason=str(error)))
    if not events and not shaped:
        raise RefusedError(400, f"the body holds no event: {aside[0].reason}")
    return events, aside
