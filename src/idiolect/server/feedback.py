"""A request with events, from its body to its answer."""

import asyncio
from collections.abc import Callable

import msgspec

from idiolect.errors import FeedbackError
from idiolect.server.feedback_contract import FeedbackAnswer, FullError, Told
from idiolect.server.refusal import RefusedError
from idiolect.server.service import Service, not_ready


async def take(service: Service, parse: Callable[[], Told]) -> bytes:
    """The answer as JSON, once the events are in the log.

    Refuses with 404 where none is kept, with 429 where too many wait, with 503 where they cannot be written, and what
    `parse` refuses.
    """
    recorder = service.recorder
    if recorder is None:
        raise RefusedError(
            404,
            "the server was started without --feedback and keeps none: idiolect serve BUNDLE --feedback WORK",
            code="no_feedback",
        )
    if service.state != "ready":
        raise not_ready(service.state)
    events, aside = await asyncio.to_thread(parse)
    try:
        kept = await asyncio.wrap_future(recorder.keep(events))
    except FullError:
        raise RefusedError(
            429,
            "too many events are waiting to be written: try again in a second",
            code="queue_full",
            headers={"retry-after-ms": "1000", "retry-after": "1"},
        ) from None
    except FeedbackError:
        raise RefusedError(
            503, "the events cannot be kept just now: the log says why", headers={"retry-after": "10"}
        ) from None
    recorder.set_aside(len(aside))
    return msgspec.json.encode(
        FeedbackAnswer(
            impressions=kept.impressions,
            actions=kept.actions,
            again=kept.again,
            waiting=kept.waiting,
            set_aside=sorted([*aside, *kept.set_aside], key=lambda one: one.place),
        )
    )
