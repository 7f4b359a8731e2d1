"""Each document's licence: what the file's tag says, else its metadata, its text, or the folder that it lies in."""

import mmap
from collections.abc import Callable
from pathlib import Path

import msgspec

from idiolect.lifecycle.licences.addresses import commons_in
from idiolect.lifecycle.licences.expressions import canonical, every
from idiolect.lifecycle.licences.folders import Stated
from idiolect.lifecycle.licences.statements import in_metadata
from idiolect.lifecycle.licences.tags import tagged
from idiolect.readers.formats import FORMATS, suffix_of
from idiolect.records import Document, Record

ORIGIN = "licence_from"
"""The key of a document's metadata under which stands what stated its licence."""

_HEAD = 8_192
_COMMONS = (b"creativecommons.org/", b"licensebuttons.net/")
_AROUND = 200  # bytes about an address that are looked at
_MOST = 1_000  # addresses of a file


class OwnWords(Record, frozen=True):
    """What the bytes of a file state, where they hold one document: comments and links, which readers pass over."""

    tag: str = ""
    commons: list[str] = []


def own_words(file: Path, hidden: Callable[[str], str] = str) -> OwnWords:
    """Nothing of a corpus, whose documents speak for themselves, or of a file that cannot be read.

    `hidden` takes out of a tag what may not be told.
    """
    if FORMATS[suffix_of(file)].kind == "corpus" or not file.is_file():
        return OwnWords()
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            head = data[:_HEAD].replace(b"\0", b"").decode("utf-8", "replace")
            return OwnWords(canonical(hidden(tagged(head))), commons_in(_addresses(data)))
    except (OSError, ValueError):  # an empty file cannot be mapped
        return OwnWords()


def _addresses(data: mmap.mmap) -> str:
    """What stands about each address of Creative Commons."""
    stretches: list[bytes] = []
    for wanted in _COMMONS:
        at = data.find(wanted)
        while at >= 0 and len(stretches) < _MOST:
            stretches.append(data[max(at - 2, 0) : at + _AROUND].replace(b"\0", b""))
            at = data.find(wanted, at + len(wanted))
    return b"\n".join(stretches).decode("latin-1")


def licensed(document: Document, own: OwnWords, around: Stated) -> Document:
    """The document with its licence, and in its metadata what stated that; `around` is what lies around its file.

    Where a text names several Creative Commons licences all are taken to hold: which part stands
    under which cannot be told.
    """
    stated = _first(document, own, around)
    metadata = {key: value for key, value in document.metadata.items() if key != ORIGIN}
    if stated.licence:
        metadata[ORIGIN] = stated.origin
    return msgspec.structs.replace(document, licence=stated.licence, metadata=metadata)


def _first(document: Document, own: OwnWords, around: Stated) -> Stated:
    if licence := own.tag or tagged(document.text):
        return Stated(licence, "SPDX tag")
    if licence := in_metadata(document.metadata):
        return Stated(licence, "metadata")
    if found := own.commons or commons_in(document.text):
        return Stated(every(found), "Creative Commons address")
    return around
