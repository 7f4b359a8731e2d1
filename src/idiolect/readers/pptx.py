"""PowerPoint presentations: slide after slide its title, texts, tables and notes."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.shapes import PP_PLACEHOLDER

from idiolect.readers import archives
from idiolect.readers.base import Content, Entry, Options
from idiolect.readers.broken import as_corrupt
from idiolect.readers.titles import office_metadata, worth_showing
from idiolect.readers.writer import Writer, squeezed, table_rows

_TITLE_LEVEL = 2
_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}
_FURNITURE = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER}


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield the file's one document; its metadata holds `slides`, the offsets at which they begin.

    Raises OSError, and InputError for an encrypted, huge or broken file.
    """
    archives.check(file, options)
    data = file.read_bytes()
    with as_corrupt():
        content = _content(pptx.Presentation(BytesIO(data)))
    yield Entry(content=content)


def _content(presentation: Any) -> Content:
    writer = Writer()
    starts = []
    first_title = ""
    for slide in presentation.slides:
        before = len(writer.blocks)
        title = _write_slide(slide, writer)
        first_title = first_title or title
        starts.append(writer.blocks[before].start if len(writer.blocks) > before else writer.length)
    properties = presentation.core_properties
    metadata = office_metadata(properties) | {"slides": starts}
    return writer.content(worth_showing(properties.title) or first_title, metadata)


def _write_slide(slide: Any, writer: Writer) -> str:
    """Add the slide's blocks; the result is its title."""
    shapes = list(_shapes(slide.shapes))
    titles = [shape for shape in shapes if _placeholder(shape) in _TITLES and shape.has_text_frame]
    title = squeezed(" ".join(shape.text_frame.text for shape in titles))
    writer.add("heading", title, _TITLE_LEVEL)
    for shape in shapes:
        if getattr(shape, "has_table", False):
            writer.add("table", table_rows([[cell.text for cell in row.cells] for row in shape.table.rows]))
        elif shape.has_text_frame and _placeholder(shape) not in _FURNITURE | _TITLES:
            _write_texts(shape.text_frame.paragraphs, writer)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
            writer.add("paragraph", squeezed(_words(paragraph)))
    return title


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    """In the order in which they are drawn, those in groups where the group is."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _placeholder(shape: Any) -> Any:
    return shape.placeholder_format.type if shape.is_placeholder else None


def _write_texts(paragraphs: Iterable[Any], writer: Writer) -> None:
    """One text is a paragraph, several are a list: what bullets look like is up to the slide's master."""
    texts = [(paragraph.level, _words(paragraph).strip()) for paragraph in paragraphs]
    texts = [(level, text) for level, text in texts if text]
    if len(texts) == 1:
        writer.add("paragraph", texts[0][1])
    else:
        writer.add("list", "\n".join(f"{'  ' * level}- {squeezed(text)}" for level, text in texts))


def _words(paragraph: Any) -> str:
    """Line breaks inside a paragraph are vertical tabs in python-pptx."""
    text: str = paragraph.text
    return text.replace("\v", "\n")
