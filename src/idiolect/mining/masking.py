"""Cutting a copied query out of the passages that hold it, so that it is not answered by its own copy."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from idiolect.mining.duplicates import saying_the_same
from idiolect.records import Chunk, Passage, Query

LONG = 30
"""Characters from which a stretch is cut from the whole corpus; a shorter one, a heading say, from its document."""

_SPACES = re.compile(r"\s+")


def squeeze(text: str) -> str:
    """Text with every run of white space made one space."""
    return _SPACES.sub(" ", text).strip()


def remove_stretches(text: str, stretches: Iterable[str]) -> str:
    """`text` without any occurrence of the stretches, however their white space is broken over lines.

    All are found in the text as it stands, so that stretches that overlap are both cut whole.
    """
    spans = sorted(span for stretch in stretches for span in _occurrences(text, stretch))
    kept: list[str] = []
    position = 0
    for start, end in spans:
        if start > position or not kept:
            kept.append(text[position:start])
        position = max(position, end)
    return " ".join([*kept, text[position:]]) if spans else text


def _occurrences(text: str, stretch: str) -> list[tuple[int, int]]:
    words = stretch.split()
    pattern = r"\s+".join(re.escape(word) for word in words)
    return [match.span() for match in re.finditer(pattern, text)] if words else []


def masked_passages(chunks: Sequence[Chunk], queries: Iterable[Query]) -> dict[str, Passage]:
    """Chunk id → passage without the `cut` of any of `queries`, for those chunks that change.

    A stretch of at least LONG characters is cut wherever it stands verbatim (copies, overlaps);
    a shorter one only from the document that it was taken from, and from those that hold a copy of its source.
    """
    documents: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        documents[chunk.document_id].append(chunk)
    by_id = {chunk.id: chunk for chunk in chunks}
    same = saying_the_same(chunks)
    squeezed = {chunk.id: squeeze(chunk.passage.full_text) for chunk in chunks}
    stretches: dict[str, list[str]] = defaultdict(list)
    for query in queries:
        stretch = squeeze(query.cut)
        if not stretch:
            continue
        copies = same.get(query.source, [query.source])
        holders = dict.fromkeys(by_id[identifier].document_id for identifier in copies)
        own = (chunk for holder in holders for chunk in documents[holder])
        for chunk in chunks if len(stretch) >= LONG else own:
            if stretch in squeezed[chunk.id]:
                stretches[chunk.id].append(stretch)
    return {identifier: _without(by_id[identifier].passage, found) for identifier, found in stretches.items()}


def _without(passage: Passage, stretches: Sequence[str]) -> Passage:
    title = remove_stretches(passage.title, stretches).strip(" ›")
    return Passage(id=passage.id, title=title, text=remove_stretches(passage.text, stretches))


def with_masks(chunks: Sequence[Chunk], masked: Mapping[str, Passage]) -> list[Passage]:
    """The passages of a corpus, masked ones in their originals' places."""
    return [masked.get(chunk.id) or chunk.passage for chunk in chunks]
