"""Word documents: headings, paragraphs, lists, tables and notes in the order of the document."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml

from idiolect.readers import archives
from idiolect.readers.base import Content, Entry, Options
from idiolect.readers.broken import as_corrupt
from idiolect.readers.docx_body import Body, Notes, words
from idiolect.readers.docx_styles import Styles
from idiolect.readers.titles import office_metadata, worth_showing
from idiolect.readers.writer import Writer

_NOTES = {"footnote": RELATIONSHIP_TYPE.FOOTNOTES, "endnote": RELATIONSHIP_TYPE.ENDNOTES}


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the file's one document; headers, footers, comments and deletions are left out.

    Raises OSError, and InputError for an encrypted, huge or broken file.
    """
    archives.check(file, options)
    data = file.read_bytes()
    with as_corrupt():
        content = _content(docx.Document(BytesIO(data)))
    yield Entry(content=content)


def _content(document: Document) -> Content:
    writer = Writer()
    body = Body(Styles(document.styles.element), _notes(document), writer)
    body.write(document.element.body)
    properties = document.core_properties
    return writer.content(body.title or worth_showing(properties.title), office_metadata(properties))


def _notes(document: Document) -> Notes:
    """Without those that only draw the line between text and notes."""
    notes: Notes = {}
    for kind, relationship in _NOTES.items():
        for part in _related(document, relationship):
            for note in parse_xml(part.blob).iter(qn(f"w:{kind}")):
                if note.get(qn("w:type")) is None:
                    notes[kind, note.get(qn("w:id"))] = words(note).strip()
    return notes


def _related(document: Document, relationship: str) -> Iterator[Any]:
    for one in document.part.rels.values():
        if one.reltype == relationship and not one.is_external:
            yield one.target_part
