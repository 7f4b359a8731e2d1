"""Bytes to text: Unicode by its marks and its form, then what the file declares, then what it looks like."""

import codecs
import itertools
import re
from typing import BinaryIO, NoReturn

from idiolect.errors import InputError
from idiolect.readers.legacy_encodings import beyond_ascii, guess

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16."""

_DECLARED = re.compile(
    rb"""<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s*=\s*["']?([\w-]+)"""
    rb"""|\A(?:[^\n]{0,200}\n)?[^\n]{0,40}coding[:=][ \t]*([\w.-]+)""",
    re.IGNORECASE,
)
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""What a declared encoding, by Python's name of it, stands for in practice: browsers read it so."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffe\uffff]")
_JAPANESE_MAIL = re.compile(rb"\x1b\$[@B]")
_SAMPLE = 65_536
_BLOCK = 1 << 20
_SOUND = 10
"""Whole characters for each broken one that make a text UTF-8 with faults, and no other encoding."""

_NOT_ASCII_TEXT = bytes({*range(256)} - {*range(32, 127), *b"\t\n\v\f\r\x1b"})
_STRAYS = 100
"""Bytes of ASCII for each other one that make a text ASCII with faults, where the others make no sense."""


def decode(data: bytes, declared: bool = False) -> str:
    """The text with line ends as "\\n" and no byte order mark; what is broken becomes U+FFFD.

    `declared`: an encoding named in the file itself, as HTML, XML and source code do, is tried after UTF-8.
    Raises InputError, its message the reason, where the bytes are no text.
    """
    text = _decoded(data, declared)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(stream: BinaryIO) -> str:
    """The encoding of a text of any length, which is read once to its end in blocks.

    UTF-8 holds for all of it; what else it is, the first 64 KB of lines beyond ASCII tell.
    Raises InputError as `decode` does.
    """
    head = stream.read(_SAMPLE)
    marked = _marked(head)
    if marked or b"\0" in head:
        return marked or _unmarked_utf16(head)
    utf8 = codecs.getincrementaldecoder("utf-8")()
    telling, valid = b"", True
    for block in itertools.chain([head], iter(lambda: stream.read(_BLOCK), b""), [b""]):
        if b"\0" in block:
            _refuse(block)
        if len(telling) < _SAMPLE:
            telling += beyond_ascii(block if block is head else block[block.find(b"\n") + 1 :])
        try:
            utf8.decode(block, final=not block)
        except UnicodeDecodeError:
            valid = False
        if not valid and len(telling) >= _SAMPLE:
            break
    return "utf-8" if valid else _legacy(telling)


def _decoded(data: bytes, declared: bool) -> str:
    marked = _marked(data)
    if marked or b"\0" in data:
        encoding = marked or _unmarked_utf16(data[:_SAMPLE])
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            raise InputError(f"undecodable: it begins as {encoding.upper()} and does not go on so") from None
    for encoding in [*_escaped(data), "utf-8", *(_named_in(data) if declared else [])]:
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return data.decode(_legacy(data), "replace")


def _marked(data: bytes) -> str:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")


def _unmarked_utf16(data: bytes) -> str:
    """UTF-16 without its mark, told by NUL bytes that stand on one side of the characters only."""
    data = data[: len(data) // 2 * 2]
    high, low = data[0::2].count(0), data[1::2].count(0)
    encoding = "utf-16-be" if high > low else "utf-16-le"
    text = data.decode(encoding, "replace")
    if _CONTROL.search(text) or text.count("\ufffd") > 1 or min(high, low) * 20 > max(high, low):
        _refuse(data)
    return encoding


def _escaped(data: bytes) -> list[str]:
    """Japanese mail is ASCII throughout, and would pass for UTF-8."""
    return ["iso2022_jp"] if _JAPANESE_MAIL.search(data) else []


def _named_in(data: bytes) -> list[str]:
    match = _DECLARED.search(data[:2048])
    if match is None:
        return []
    name = (match[1] or match[2]).decode("ascii")
    try:
        return [_MEANT.get(codecs.lookup(name).name, name)]
    except LookupError:
        return []


def _legacy(data: bytes) -> str:
    """The likeliest encoding of bytes that are not UTF-8 throughout; UTF-8 where they mostly are."""
    text = beyond_ascii(data).decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) - broken >= _SOUND * broken:
        return "utf-8"
    odd = len(data) - len(data.translate(None, _NOT_ASCII_TEXT))
    strays = odd * _STRAYS <= len(data)
    return next(iter(guess(data)), "utf-8" if strays else "") or _refuse(data)


def _refuse(data: bytes) -> NoReturn:
    if b"\0" in data:
        raise InputError("binary: it holds NUL bytes")
    raise InputError("undecodable: neither Unicode nor text in any older encoding that is known")
