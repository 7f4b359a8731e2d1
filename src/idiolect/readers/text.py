"""Plain text: paragraphs between blank lines."""

from idiolect.readers.base import Content, paragraphs


def parse(text: str) -> Content:
    return Content(text=text, blocks=list(paragraphs(text)))
