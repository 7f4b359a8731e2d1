"""Which chunks come first when not all can be asked about."""

import random
from collections import Counter
from collections.abc import Sequence

from idiolect.records import Chunk


def evenly(chunks: Sequence[Chunk], seed: int) -> list[Chunk]:
    """The first chunk of every heading, then every second one, and so on; a document without headings is one.

    Within each such round every document's first chunk comes before any second one, documents in an
    order drawn by `seed`.
    """
    ranks: dict[str, int] = {}
    under: Counter[tuple[str, ...]] = Counter()
    in_round: Counter[tuple[str, int]] = Counter()
    rounds: list[tuple[int, int]] = []
    for chunk in chunks:
        ranks.setdefault(chunk.document_id, len(ranks))
        section = (chunk.document_id, *chunk.headings)
        turn = under[section]
        rounds.append((turn, in_round[chunk.document_id, turn]))
        under[section] += 1
        in_round[chunk.document_id, turn] += 1
    drawn = list(range(len(ranks)))
    random.Random(seed).shuffle(drawn)
    places = [(*turns, drawn[ranks[chunk.document_id]]) for turns, chunk in zip(rounds, chunks, strict=True)]
    return [chunks[i] for i in sorted(range(len(chunks)), key=places.__getitem__)]
