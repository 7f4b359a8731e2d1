"""Documents from files: one reader a format, offsets that hold, and a reason for whatever is left out."""

from idiolect.readers.base import Block, BlockKind, Content, Entry, Options, Parsed
from idiolect.readers.documents import read_documents
from idiolect.readers.formats import SUFFIXES
from idiolect.readers.scan import Scan, scan, source_digest

__all__ = [
    "SUFFIXES",
    "Block",
    "BlockKind",
    "Content",
    "Entry",
    "Options",
    "Parsed",
    "Scan",
    "read_documents",
    "scan",
    "source_digest",
]
