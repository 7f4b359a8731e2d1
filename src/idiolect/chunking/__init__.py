"""Chunks that an encoder takes whole, cut where the document's own structure lets them."""

from idiolect.chunking.chunker import chunk_document
from idiolect.chunking.tokens import TokenCounter

__all__ = ["TokenCounter", "chunk_document"]
