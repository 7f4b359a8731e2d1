"""How much of the corpus has queries, and how evenly they are spread over it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from idiolect.records import Chunk, Query, Record


class Coverage(Record, frozen=True, kw_only=True):
    """Chunks that may train, their documents and headings, and how many of each a kept query is answered by.

    `gini_*`: 0 where all have equally many queries, towards 1 where few have all; `gini_of_text` is that
    of chunks over documents, which queries spread evenly over the text would have too.
    `largest_share` is the share of queries, `largest_share_of_text` of chunks, of the document with
    the most queries.
    """

    queries: int
    chunks: int
    chunks_covered: int
    documents: int
    documents_covered: int
    headings: int
    headings_covered: int
    gini_of_chunks: float
    gini_of_documents: float
    gini_of_text: float
    largest: str
    largest_share: float
    largest_share_of_text: float


def coverage(queries: Sequence[Query], chunks: Sequence[Chunk]) -> Coverage:
    """Of the chunks that may train; a query of several positives covers each of them."""
    asked = {chunk.id: chunk for chunk in chunks if chunk.trains}
    covered = {name for query in queries for name in (query.source, *query.positives) if name in asked}
    per_chunk = Counter(query.source for query in queries if query.source in asked)
    per_document = Counter(asked[name].document_id for name in per_chunk.elements())
    text = Counter(chunk.document_id for chunk in asked.values())
    headings = {_heading(chunk) for chunk in asked.values() if chunk.headings}
    largest, most = max(per_document.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return Coverage(
        queries=len(queries),
        chunks=len(asked),
        chunks_covered=len(covered),
        documents=len(text),
        documents_covered=len({asked[name].document_id for name in covered}),
        headings=len(headings),
        headings_covered=len({_heading(asked[name]) for name in covered if asked[name].headings}),
        gini_of_chunks=gini(per_chunk[name] for name in asked),
        gini_of_documents=gini(per_document[name] for name in text),
        gini_of_text=gini(text.values()),
        largest=largest,
        largest_share=share(most, per_chunk.total()),
        largest_share_of_text=share(text[largest], len(asked)),
    )


def gini(counts: Iterable[float]) -> float:
    """Gini's coefficient of concentration; 0 where there is nothing to be spread."""
    ordered = sorted(counts)
    total = sum(ordered)
    if not total:
        return 0.0
    ranked = sum(rank * count for rank, count in enumerate(ordered, 1))
    return 2 * ranked / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)


def share(part: float, whole: float) -> float:
    """`part / whole`, 0 of nothing."""
    return part / whole if whole else 0.0


def _heading(chunk: Chunk) -> tuple[str, ...]:
    return (chunk.document_id, *chunk.headings)
