"""A JSONL corpus: one document a line, with `_id` (or `id`), `title` and `text`, as BEIR's corpus.jsonl."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from idiolect.readers.base import Content, Entry, Options, huge, paragraphs

_OWN_KEYS = ("_id", "id", "title", "text", "metadata")


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield every line that is not blank, broken ones with their reason. Raises OSError."""
    with file.open("rb") as lines:
        yield from read_lines(lines, options)


def read_lines(lines: Iterable[bytes], options: Options, first: int = 1) -> Iterator[Entry]:
    """The entries of lines that are numbered from `first`."""
    for number, line in enumerate(lines, first):
        line = line.removeprefix(b"\xef\xbb\xbf").strip()
        if line:
            yield _entry(f":{number}", line, options)


def _entry(place: str, line: bytes, options: Options) -> Entry:
    if len(line) > options.largest:
        return Entry(place=place, reason=huge(len(line), options.largest))
    try:
        values = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Entry(place=place, reason=f"not valid JSON: {error}")
    if not isinstance(values, dict):
        return Entry(place=place, reason="not a JSON object")
    identifier = _scalar(values["_id"] if values.get("_id") is not None else values.get("id"))
    if not identifier:
        return Entry(place=place, reason="no id: neither _id nor id is a string or number")
    title, text = _scalar(values.get("title")), values.get("text")
    if text is not None and not isinstance(text, str):
        return Entry(place=place, reason="text is not a string")
    text = text or ""
    if not text.strip():
        # BEIR's sets hold documents that are titles alone, with relevant judgments.
        title, text = "", title
    if not text.strip():
        return Entry(place=place, reason="empty")
    content = Content(text=text, blocks=list(paragraphs(text)), title=title, metadata=_metadata(values))
    return Entry(place=place, id=identifier, content=content)


def _scalar(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _metadata(values: dict[str, Any]) -> dict[str, Any]:
    """Keys beyond BEIR's; those in its `metadata` object lie beside them."""
    nested = values.get("metadata")
    extra = {key: value for key, value in values.items() if key not in _OWN_KEYS}
    return {**nested, **extra} if isinstance(nested, dict) else extra
