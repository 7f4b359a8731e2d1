"""A document as it may be kept: text, blocks, title, id, path and metadata without what was found in them."""

import re

import msgspec

from idiolect.files import digest_text
from idiolect.lifecycle.privacy.masking import Masked, Masker, Tally, reason
from idiolect.readers.base import Block, Parsed
from idiolect.readers.formats import SUFFIXES
from idiolect.readers.naming import document_id, title_from

VERDICT = "masked:"
"""What the verdicts on a document begin with that say how many of a kind were masked: "masked:email:2"."""

_SUFFIX = re.compile(r"(?:" + "|".join(map(re.escape, SUFFIXES)) + r")(?=[:#!]|\.license$|$)", re.IGNORECASE)


def place_masked(place: str, hide: Masker | Tally) -> str:
    """Where a document stands, each name of its path by itself: "notes/<email:kfmwpcbr>.md:3"."""
    return "/".join(_name_masked(name, hide) for name in place.split("/"))


def _name_masked(name: str, hide: Masker | Tally) -> str:
    """A file's name; its suffix, which could be taken for the end of an address, stays."""
    suffix = next(reversed(list(_SUFFIX.finditer(name))), None)
    if suffix is None:
        return hide.text(name)
    stem = name[: suffix.start()]
    masked = hide.text(stem)
    if masked == stem and "@" in stem:
        masked = hide.text(stem + suffix[0]).removesuffix(suffix[0])  # .md ends addresses too
    return masked + suffix[0] + hide.text(name[suffix.end() :])


def document_masked(parsed: Parsed, place: str, hide: Masker) -> Parsed | str:
    """The document, or why it is set aside; `place` is where it stands, unmasked.

    Its offsets count the characters of the masked text; its verdicts say how many of each kind were masked.
    """
    document, tally = parsed.document, Tally(hide)
    text = tally.masked(document.text)
    path = place_masked(document.path, tally)
    masked = msgspec.structs.replace(
        document,
        id=_identifier(document.id, place, tally),
        path=path,
        title=_title(document.title, document.path, path, tally),
        text=text.text,
        licence=tally.text(document.licence),
        metadata=tally.values(document.metadata),
    )
    if tally.dropped:
        return reason(tally.dropped[0])
    if not tally.counts:
        return parsed
    verdicts = [f"{VERDICT}{entity}:{count}" for entity, count in sorted(tally.counts.items())]
    return Parsed(
        document=msgspec.structs.replace(
            masked, sha256=digest_text(text.text), verdicts=[*document.verdicts, *verdicts]
        ),
        blocks=[one for one in (_moved(block, text, hide) for block in parsed.blocks) if one.start < one.end],
    )


def _moved(block: Block, text: Masked, hide: Masker) -> Block:
    start, end = text.moved(block.start), text.moved(block.end)
    return msgspec.structs.replace(block, start=start, end=end, heading=hide.text(block.heading))


def _title(title: str, path: str, masked_path: str, hide: Tally) -> str:
    """A title that was made of the file's name is made of the masked one: it takes addresses apart."""
    return title_from(masked_path) if title == title_from(path) else hide.text(title)


def _identifier(identifier: str, place: str, hide: Tally) -> str:
    """An id that was made of the place is made of the masked one; another is masked itself."""
    if identifier == document_id(place):
        return document_id(place_masked(place, hide))
    return hide.text(identifier)
