"""EPUB books: the chapters in reading order, each read as the web page that it is."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from idiolect.errors import InputError
from idiolect.readers import archives, html
from idiolect.readers.base import Content, Entry, Options
from idiolect.readers.broken import as_corrupt
from idiolect.readers.decoding import decode
from idiolect.readers.writer import Writer, squeezed

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = {"application/xhtml+xml", "text/html", "text/x-oeb1-document"}
_TOLD = {
    "creator": "author",
    "language": "language",
    "publisher": "publisher",
    "date": "date",
    "rights": "rights",
}

_EMPTY = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)([A-Za-z][\w:-]*)([^<>]*)/>",
    re.IGNORECASE,
)
"""`<title/>`: closed in XHTML, but the beginning of a title as long as the page in HTML."""


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the book as one document; its table of contents is left out.

    Raises OSError, and InputError for a book that is encrypted, huge or broken.
    """
    archives.check(file, options)
    data = file.read_bytes()
    with as_corrupt(), zipfile.ZipFile(BytesIO(data)) as archive:
        content = _content(archive)
    yield Entry(content=content)


def _content(archive: zipfile.ZipFile) -> Content:
    location = next(_all(_xml(archive, _CONTAINER), "rootfile")).get("full-path", "")
    package = _xml(archive, location)
    pages = list(_pages(package, posixpath.dirname(location)))
    if not _encrypted(archive).isdisjoint(pages):
        raise InputError("password: the book is encrypted")
    writer = Writer()
    present = set(archive.namelist())
    for page in pages:
        if page in present:
            _write(decode(archive.read(page), declared=True), writer)
    title = next((_text(element) for element in _all(package, "title")), "")
    return writer.content(title, _metadata(package))


def _pages(package: Element, folder: str) -> Iterator[str]:
    """The names of the pages in the order of the spine, without the page that lists the others."""
    items = {item.get("id"): item for item in _all(package, "item")}
    contents = {
        reference.get("href", "").partition("#")[0]
        for reference in _all(package, "reference")
        if reference.get("type") == "toc"
    }
    for reference in _all(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES:
            continue
        href = item.get("href", "")
        if href not in contents and "nav" not in item.get("properties", "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(href)))


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """The names of encrypted members, among them fonts, whose encryption hides no text."""
    if _ENCRYPTION not in archive.namelist():
        return set()
    return {unquote(one.get("URI", "")) for one in _all(_xml(archive, _ENCRYPTION), "CipherReference")}


def _write(page: str, writer: Writer) -> None:
    content = html.parse(_EMPTY.sub(r"<\1\2></\1>", page))
    for block in content.blocks:
        writer.add(block.kind, content.text[block.start : block.end], block.level)


def _metadata(package: Element) -> dict[str, Any]:
    """What the package says of the book; several authors are joined by commas."""
    return {
        name: ", ".join(text for element in _all(package, tag) if (text := _text(element)))
        for tag, name in _TOLD.items()
    }


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    """A member as XML. Entities of its own are refused: they can be made to fill the memory."""
    text = decode(archive.read(name), declared=True)
    if "<!ENTITY" in text:
        raise InputError(f"corrupt: {name} declares entities")
    return ElementTree.fromstring(text)


def _all(root: Element, tag: str) -> Iterator[Element]:
    """The elements of that local name, whatever their namespace."""
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == tag)


def _text(element: Element) -> str:
    return squeezed("".join(element.itertext()))
