"""Times of events: ISO 8601 with an offset as they come, one spelling of UTC as they are kept."""

from datetime import UTC, datetime

EXAMPLE = "2026-03-01T09:30:00+01:00"


def moment(text: str) -> datetime:
    """Raises ValueError for what is no time, or one without an offset."""
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise ValueError("it has no offset")
    return found.astimezone(UTC)


def kept(found: datetime) -> str:
    """Of a width that makes the order of texts that of times: "2026-03-01T08:30:00.000000+00:00"."""
    return found.astimezone(UTC).isoformat(timespec="microseconds")


def seconds(text: str) -> float:
    """Since 1970, of a time as it is kept."""
    return datetime.fromisoformat(text).timestamp()


def day(text: str) -> str:
    """The day in UTC of a time as it is kept."""
    return text[:10]
