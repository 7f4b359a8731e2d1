"""How much of the documents repeats itself."""

from collections import Counter
from collections.abc import Sequence

from idiolect.mining.boilerplate import is_mostly_boilerplate
from idiolect.records import Chunk, Document, Record


class Repetition(Record, frozen=True, kw_only=True):
    """Shares of what was read; of a sample they are too low, since copies of what was not read are not seen.

    `exact_documents`: documents whose text another one has; `near_chunks`: chunks in whose place
    another one trains; `boilerplate_characters`: of the chunks' text; `boilerplate_chunks`: chunks
    that are mostly boilerplate; `training_chunks`: chunks that queries are written for.
    """

    exact_documents: float
    near_chunks: float
    boilerplate_characters: float
    boilerplate_chunks: float
    training_chunks: float


def repetition(documents: Sequence[Document], chunks: Sequence[Chunk]) -> Repetition:
    """Counted from the marks on the chunks, and the documents' digests."""
    texts = Counter(document.sha256 for document in documents)
    characters = sum(len(chunk.text) for chunk in chunks)
    recurring = sum(end - start for chunk in chunks for start, end in chunk.boilerplate)
    return Repetition(
        exact_documents=_share(len(documents) - len(texts), len(documents)),
        near_chunks=_share(sum(bool(chunk.duplicate_of) for chunk in chunks), len(chunks)),
        boilerplate_characters=_share(recurring, characters),
        boilerplate_chunks=_share(sum(map(is_mostly_boilerplate, chunks)), len(chunks)),
        training_chunks=_share(sum(chunk.trains for chunk in chunks), len(chunks)),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
