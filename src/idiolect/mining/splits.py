"""Which documents train, select and test: no document's queries, nor its copy's, stand on two sides."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from statistics import median

from idiolect.mining.boilerplate import is_mostly_boilerplate
from idiolect.mining.fingerprints import is_substantial
from idiolect.mining.linking import first_linked
from idiolect.records import Chunk, SplitName

_FEWEST_GROUPS = 10  # below this, a tenth of the groups is none: chunks are split instead


def group_of(chunks: Sequence[Chunk]) -> dict[str, str]:
    """Chunk id → the group that must stay together, named by its first document.

    Documents that hold duplicates of one chunk are one group.  Where groups are too few, each
    chunk and its duplicates are one instead, named by the chunk that trains.
    """
    documents = {
        document: number for number, document in enumerate(dict.fromkeys(c.document_id for c in chunks))
    }
    names = list(documents)
    holders = {chunk.id: documents[chunk.document_id] for chunk in chunks}
    links = (
        (holders[chunk.duplicate_of], holders[chunk.id])
        for chunk in chunks
        if chunk.duplicate_of in holders and not is_mostly_boilerplate(chunk) and is_substantial(chunk.text)
    )
    first = first_linked(len(names), links)
    if len(set(first)) >= _FEWEST_GROUPS:
        return {chunk.id: names[first[holders[chunk.id]]] for chunk in chunks}
    return {chunk.id: chunk.duplicate_of or chunk.id for chunk in chunks}


def assign(
    groups: Collection[str],
    test_fraction: float,
    dev_fraction: float,
    seed: int,
    frozen_test: Collection[str] = (),
    sizes: Mapping[str, int] | None = None,
) -> dict[str, SplitName]:
    """Group → split. Groups of `frozen_test` stay in test; the others follow in the order of a seeded hash.

    Each fraction is rounded up to at least one group, as long as one is left to train.  `sizes`
    are chunks: a group of so many that it would be most of the test, as chains of copies can
    be, trains unless there are no others.
    """
    sizes = sizes or {}
    largest = test_fraction * sum(sizes.get(group, 1) for group in groups) / 2
    typical = 2 * median(sizes.get(group, 1) for group in groups) if groups else 0

    def order(group: str) -> tuple[bool, bytes]:
        outsize = sizes.get(group, 1) > max(largest, typical)
        return outsize, hashlib.sha256(f"{seed}\0{group}".encode()).digest()

    frozen = [group for group in groups if group in frozen_test]
    free = sorted(set(groups) - set(frozen), key=order)
    total = len(frozen) + len(free)
    test = 0 if frozen else max(1, round(test_fraction * total))
    dev = min(max(1, round(dev_fraction * total)), max(len(free) - test - 1, 0))
    result: dict[str, SplitName] = dict.fromkeys(frozen, "test")
    for position, group in enumerate(free):
        result[group] = "test" if position < test else "dev" if position < test + dev else "train"
    return result
