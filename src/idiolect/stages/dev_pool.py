"""The part of a dev set that every checkpoint is ranked over."""

import random
from dataclasses import replace

from idiolect.evaluation.beir import Dataset
from idiolect.mining.ranking import Corpus
from idiolect.mining.top import top
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.stages.encoders import encode

_DEPTH = 30


def pool(
    dataset: Dataset, corpus: Corpus, encoder: CachedEncoder, size: int, seed: int, progress: Progress
) -> Dataset:
    """The dataset over about `size` passages: what is hard for its queries, all that is judged, and a sample.

    It holds more where more is judged: every part of a judged document stays.
    """
    if len(dataset.corpus) <= size:
        return dataset
    texts = list(dataset.queries.values())
    vectors = encode(encoder, texts, "query", progress, f"encoding dev {dataset.name}")
    judged = {document for grades in dataset.qrels.values() for document in grades}
    kept = {passage for document in judged for passage in dataset.parts.get(document, ())}
    ranked = [top(corpus.fused(text, vector), _DEPTH) for text, vector in zip(texts, vectors, strict=True)]
    for depth in range(_DEPTH):
        if len(kept) >= size:
            break
        kept |= {corpus.ids[int(columns[depth])] for columns in ranked if depth < len(columns)}
    sample = list(dataset.corpus)
    random.Random(seed).shuffle(sample)  # the same order for every dev set: what they share is encoded once
    kept |= set([identifier for identifier in sample if identifier not in kept][: max(size - len(kept), 0)])
    return replace(
        dataset,
        corpus={key: value for key, value in dataset.corpus.items() if key in kept},
        owners={key: value for key, value in dataset.owners.items() if key in kept},
    )
