"""Which documents train, select and test: no document's queries stand on two sides."""

import hashlib
from collections.abc import Collection, Sequence

from idiolect.records import Chunk, SplitName

_FEWEST_DOCUMENTS = 10  # below this, a tenth of the documents is none: chunks are split instead


def group_of(chunks: Sequence[Chunk]) -> dict[str, str]:
    """Chunk id → the group that must stay together: its document, or itself where documents are too few."""
    by_document = len({chunk.document_id for chunk in chunks}) >= _FEWEST_DOCUMENTS
    return {chunk.id: chunk.document_id if by_document else chunk.id for chunk in chunks}


def assign(
    groups: Collection[str],
    test_fraction: float,
    dev_fraction: float,
    seed: int,
    frozen_test: Collection[str] = (),
) -> dict[str, SplitName]:
    """Group → split. Groups of `frozen_test` stay in test; the others follow in the order of a seeded hash.

    Each fraction is rounded up to at least one group, as long as one is left to train.
    """
    frozen = [group for group in groups if group in frozen_test]
    free = sorted(
        set(groups) - set(frozen), key=lambda group: hashlib.sha256(f"{seed}\0{group}".encode()).digest()
    )
    total = len(frozen) + len(free)
    test = 0 if frozen else max(1, round(test_fraction * total))
    dev = min(max(1, round(dev_fraction * total)), max(len(free) - test - 1, 0))
    result: dict[str, SplitName] = dict.fromkeys(frozen, "test")
    for position, group in enumerate(free):
        result[group] = "test" if position < test else "dev" if position < test + dev else "train"
    return result
