"""Cutting a copied query out of the passages that hold it, so that it is not answered by its own copy."""

import re
from collections.abc import Iterable, Mapping, Sequence

from idiolect.records import Chunk, Passage, Query

LONG = 30
"""Characters from which a stretch is cut from the whole corpus; a shorter one, a heading say, from its document."""

_SPACES = re.compile(r"\s+")


def squeeze(text: str) -> str:
    """Text with every run of white space made one space."""
    return _SPACES.sub(" ", text).strip()


def remove_stretch(text: str, stretch: str) -> str:
    """`text` without any occurrence of `stretch`, however its white space is broken over lines."""
    words = stretch.split()
    if not words:
        return text
    pattern = r"\s+".join(re.escape(word) for word in words)
    return re.sub(pattern, " ", text)


def masked_passages(chunks: Sequence[Chunk], queries: Iterable[Query]) -> dict[str, Passage]:
    """Chunk id → passage without the `cut` of any of `queries`, for those chunks that change.

    A stretch of at least LONG characters is cut wherever it stands verbatim (copies, overlaps);
    a shorter one only from the document that it was taken from.
    """
    documents: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        documents.setdefault(chunk.document_id, []).append(chunk)
    by_id = {chunk.id: chunk for chunk in chunks}
    squeezed = {chunk.id: squeeze(chunk.passage.full_text) for chunk in chunks}
    masked: dict[str, Passage] = {}
    for query in queries:
        stretch = squeeze(query.cut)
        if not stretch:
            continue
        pool = chunks if len(stretch) >= LONG else documents[by_id[query.source].document_id]
        for chunk in pool:
            if stretch in squeezed[chunk.id]:
                passage = masked.get(chunk.id, chunk.passage)
                masked[chunk.id] = Passage(
                    id=chunk.id,
                    title=remove_stretch(passage.title, stretch).strip(" ›"),
                    text=remove_stretch(passage.text, stretch),
                )
    return masked


def with_masks(chunks: Sequence[Chunk], masked: Mapping[str, Passage]) -> list[Passage]:
    """The passages of a corpus, masked ones in their originals' places."""
    return [masked.get(chunk.id) or chunk.passage for chunk in chunks]
