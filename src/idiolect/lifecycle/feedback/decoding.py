"""One event out of its JSON, or why it is none: in words that repeat nothing of what was given."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec

from idiolect.files import whole_numbers
from idiolect.lifecycle.feedback import moments
from idiolect.lifecycle.feedback.events import Action, Event, Impression, Kind
from idiolect.lifecycle.feedback.resolving import WHOLE
from idiolect.records import Record

AHEAD = timedelta(minutes=10)
"""How far clocks may differ: what claims to come from later would outlive its retention."""

_decoder = msgspec.json.Decoder(Event)


class SetAside(Record, frozen=True, kw_only=True):
    """An event that was not kept: `place` counts lines, or entries of a list, from 1."""

    place: int
    reason: str


class NoEventError(ValueError):
    """Why something is no event, or may not be kept."""


class UnusableError(NoEventError):
    """Why what has an event's fields cannot be one."""


def decoded(raw: bytes | str) -> Event:
    """The event with its time as it is kept, its hits by rank. Raises NoEventError, or UnusableError of its kind."""
    try:
        try:
            event = _decoder.decode(raw)
        except msgspec.ValidationError:
            event = msgspec.convert(whole_numbers(msgspec.json.decode(raw)), Event)
    except msgspec.ValidationError as error:
        raise NoEventError(_worded(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NoEventError("it is not valid JSON") from None
    event = msgspec.structs.replace(event, time=_time(event.time))
    return _impression(event) if isinstance(event, Impression) else _action(event)


def _worded(message: str) -> str:
    """msgspec's message, without the values that some of them quote."""
    what, _, path = message.partition(" - at ")
    place = path.strip("`").removeprefix("$").removeprefix(".")
    if place == "kind":
        return f"kind must be one of {', '.join(get_args(Kind))}"
    if place == "type" or "field `type`" in what:
        return "type must be impression or action"
    what = what.replace("`", "")
    return f"{place}: {what}" if place else what


def _time(text: str) -> str:
    try:
        found = moments.moment(text)
    except ValueError:
        raise NoEventError(f"time must be ISO 8601 with an offset, such as {moments.EXAMPLE}") from None
    except OverflowError:  # of the year 1, or 9999, elsewhere than in UTC
        raise UnusableError("its time is of no calendar") from None
    if found > datetime.now(UTC) + AHEAD:
        raise UnusableError("its time lies in the future")
    return moments.kept(found)


def _impression(event: Impression) -> Impression:
    hits = sorted(event.hits, key=lambda hit: hit.rank)
    ranks = [hit.rank for hit in hits]
    if len(set(ranks)) < len(ranks):
        raise UnusableError("two of its hits have one rank")
    return msgspec.structs.replace(event, hits=hits)


def _action(event: Action) -> Action:
    names_hit: Any = event.rank or event.document
    if event.kind in WHOLE and (names_hit or event.chunk):
        raise UnusableError(f"{event.kind} is of the whole impression, and names no hit")
    if event.kind not in WHOLE and not names_hit:
        raise UnusableError(f"{event.kind} is of a hit: give its rank or document")
    return event
