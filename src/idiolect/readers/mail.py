"""E-mails (.eml): what their senders wrote, without what they quote below it and their signatures."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import MIMEPart
from email.utils import parsedate_to_datetime
from itertools import chain
from pathlib import Path
from typing import Any

from idiolect.errors import InputError
from idiolect.readers import html
from idiolect.readers.base import Content, Entry, Options, has_words, paragraphs
from idiolect.readers.broken import as_corrupt
from idiolect.readers.decoding import decode
from idiolect.readers.mail_quotes import is_forward, own_html, own_words, unflowed
from idiolect.readers.writer import Writer, squeezed, visible
from idiolect.records import Record

_TOLD = {"from": "from", "to": "to", "cc": "cc", "message-id": "message_id"}
_USUAL = {*_TOLD, "date", "subject", "received", "return-path", "content-type"}
_ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_PGP = "-----BEGIN PGP MESSAGE-----"


class Text(Record, frozen=True):
    """A part of a message that is read."""

    text: str
    is_html: bool


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the message as one document; attachments are named in its metadata and not read.

    Raises OSError, and InputError for what is encrypted or no e-mail.
    """
    data = file.read_bytes()
    with as_corrupt():
        message = message_from_bytes(data, policy=policy.default)
        if _USUAL.isdisjoint(name.lower() for name in message.keys()):  # noqa: SIM118
            raise InputError("corrupt: no head of an e-mail")
        content = _content(message)
    yield Entry(content=content)


def _content(message: MIMEPart) -> Content:
    subject = _header(message, "subject")
    forward = is_forward(subject)
    attachments: list[str] = []
    writer = Writer()
    for part in _texts(message, attachments):
        if part.is_html:
            content = html.parse(own_html(part.text, forward))
            for block in content.blocks:
                writer.add(block.kind, content.text[block.start : block.end], block.level)
        else:
            own = visible(own_words(part.text, forward))
            for block in paragraphs(own):
                writer.add(block.kind, own[block.start : block.end])
    metadata: dict[str, Any] = {name: _header(message, key) for key, name in _TOLD.items()}
    return writer.content(subject, metadata | {"date": _date(message), "attachments": attachments})


def _texts(part: MIMEPart, attachments: list[str]) -> list[Text]:
    """The texts of a part and those inside it; of alternatives the plain one, else the last that has words.

    Names of what is not read are added to `attachments`.
    """
    kind = part.get_content_type()
    if kind in _ENCRYPTED:
        raise InputError("password: the message is encrypted")
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        parts = [_texts(child, attachments) for child in part.iter_parts()]
        return _chosen(parts) if kind == "multipart/alternative" else list(chain.from_iterable(parts))
    if kind in _SIGNATURES:
        return []
    named = squeezed(visible(part.get_filename() or ""))
    if part.get_content_disposition() == "attachment" or named or part.get_content_maintype() != "text":
        inside = next(part.iter_parts(), None) if kind == "message/rfc822" else None
        attachments.append(named or (_header(inside, "subject") if inside is not None else "") or kind)
        return []
    text = _decoded(part)
    if _PGP in text:
        raise InputError("password: the message is encrypted")
    return [Text(text, kind == "text/html")] if kind in ("text/plain", "text/html") else []


def _chosen(alternatives: list[list[Text]]) -> list[Text]:
    saying = [texts for texts in alternatives if any(has_words(part.text) for part in texts)]
    plain = [texts for texts in saying if not any(part.is_html for part in texts)]
    return plain[0] if plain else saying[-1] if saying else []


def _decoded(part: MIMEPart) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    is_html = part.get_content_type() == "text/html"
    try:
        text = data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        text = decode(data, declared=is_html)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not is_html and str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def _header(message: MIMEPart, name: str) -> str:
    """A header as it reads, "" where it is absent or such that Python cannot make sense of it."""
    try:
        return squeezed(visible(str(message.get(name, ""))))
    except Exception:  # the parser of addresses raises whatever it stumbles over
        return ""


def _date(message: MIMEPart) -> str:
    try:
        return parsedate_to_datetime(_header(message, "date")).isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""
