"""A JSONL corpus: one document a line, with `_id` (or `id`), `title` and `text`, as BEIR's corpus.jsonl."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from idiolect.readers.base import Content, paragraphs

_OWN_KEYS = ("_id", "id", "title", "text", "metadata")


class Line(msgspec.Struct, frozen=True):
    """One line: its number, and either the document's id and content or the reason why there is none."""

    number: int
    id: str = ""
    content: Content | None = None
    reason: str = ""


def read(file: Path) -> Iterator[Line]:
    """Yield every line that is not blank, broken ones with their reason. Raises OSError."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(b"\xef\xbb\xbf").strip()
            if line:
                yield _line(number, line)


def _line(number: int, line: bytes) -> Line:
    try:
        values = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Line(number, reason=f"not valid JSON: {error}")
    if not isinstance(values, dict):
        return Line(number, reason="not a JSON object")
    identifier = _scalar(values["_id"] if values.get("_id") is not None else values.get("id"))
    if not identifier:
        return Line(number, reason="no id: neither _id nor id is a string or number")
    title, text = _scalar(values.get("title")), values.get("text")
    if text is not None and not isinstance(text, str):
        return Line(number, reason="text is not a string")
    text = text or ""
    if not text.strip():
        # BEIR's sets hold documents that are titles alone, with relevant judgments.
        title, text = "", title
    if not text.strip():
        return Line(number, reason="empty")
    content = Content(text=text, blocks=list(paragraphs(text)), title=title, metadata=_metadata(values))
    return Line(number, id=identifier, content=content)


def _scalar(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _metadata(values: dict[str, Any]) -> dict[str, Any]:
    """Keys beyond BEIR's; those in its `metadata` object lie beside them."""
    nested = values.get("metadata")
    extra = {key: value for key, value in values.items() if key not in _OWN_KEYS}
    return {**nested, **extra} if isinstance(nested, dict) else extra
