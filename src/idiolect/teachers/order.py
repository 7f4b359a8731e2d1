"""Which chunks come first when not all can be asked about."""

import random
from collections import Counter
from collections.abc import Sequence

from idiolect.records import Chunk


def evenly(chunks: Sequence[Chunk], seed: int) -> list[Chunk]:
    """Every document's first chunk, then every second one, and so on; documents in an order drawn by `seed`."""
    ranks: dict[str, int] = {}
    counts: Counter[str] = Counter()
    rounds: list[int] = []
    for chunk in chunks:
        ranks.setdefault(chunk.document_id, len(ranks))
        rounds.append(counts[chunk.document_id])
        counts[chunk.document_id] += 1
    drawn = list(range(len(ranks)))
    random.Random(seed).shuffle(drawn)
    places = [(number, drawn[ranks[chunk.document_id]]) for number, chunk in zip(rounds, chunks, strict=True)]
    return [chunks[i] for i in sorted(range(len(chunks)), key=places.__getitem__)]
