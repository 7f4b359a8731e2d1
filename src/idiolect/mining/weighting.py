"""The fusion weight chosen without labels: masked pseudo-queries ranked over the whole corpus."""

from collections.abc import Mapping, Sequence

from idiolect.mining.fusion import weight_curve
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Chunk, Fusion, Query
from idiolect.runtimes.base import Vectors


def masked_curve(
    chunks: Sequence[Chunk], vectors: Vectors, masked: Sequence[Query], fusion: Fusion, encoder: CachedEncoder
) -> Mapping[float, float]:
    """Fusion weight → mean reciprocal rank at which pseudo-queries find the chunks they were cut from.

    `vectors` are the chunks' own, float32 [chunks, d]; chunks that a query is cut out of are
    encoded again without it.
    """
    changed = masked_passages(chunks, masked)
    columns = {chunk.id: column for column, chunk in enumerate(chunks)}
    replaced = vectors.copy()
    if changed:
        texts = [passage.full_text for passage in changed.values()]
        replaced[[columns[identifier] for identifier in changed]] = encoder.encode(texts, "passage")
    corpus = Corpus(with_masks(chunks, changed), replaced, fusion)
    queries = encoder.encode([query.text for query in masked], "query")
    return weight_curve(
        lambda i: corpus.dense(queries[i]),
        lambda i: corpus.lexical(masked[i].text),
        [[columns[identifier] for identifier in query.positives] for query in masked],
    )
