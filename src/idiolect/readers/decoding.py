"""Bytes to text: UTF-8, UTF-16 that says so, else Windows-1252; or the reason why not."""

import codecs
import re

from idiolect.errors import InputError

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_DECLARED = re.compile(
    rb"""<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s*=\s*["']?([\w-]+)""", re.IGNORECASE
)


def decode(data: bytes, declared: bool = False) -> str:
    """The text with line ends as "\\n" and no byte order mark.

    `declared`: an encoding named in the file itself, as HTML does, is tried after UTF-8.
    Raises InputError, its message the reason, where the bytes are no text.
    """
    text = _decoded(data, declared)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, declared: bool) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise InputError("undecodable: it begins as UTF-16 and does not go on so") from None
    if b"\0" in data:
        raise InputError("binary: it holds NUL bytes")
    for encoding in ("utf-8", *(_encodings_named_in(data) if declared else ())):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = "\0"
    if _CONTROL.search(text):
        raise InputError("undecodable: neither UTF-8 nor UTF-16 nor Windows-1252 text")
    return text


def _encodings_named_in(data: bytes) -> list[str]:
    match = _DECLARED.search(data[:2048])
    return [match[1].decode("ascii")] if match else []
