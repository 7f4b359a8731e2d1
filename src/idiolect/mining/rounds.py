"""Splits and test of a further round: what was held out stays so, and of what is new a part is held out beside it."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from idiolect.config import Prepare
from idiolect.mining.carried import STRICTEST, Carried, Places
from idiolect.records import Chunk, Query, SplitName


@dataclass(frozen=True)
class Round:
    """`groups` as `splits.group_of` gives them, but those that would join what stood apart before are divided.

    `earlier`: group → the split that it keeps; `test`: the earlier test's queries that can still be asked, with the
    chunks of now; `gone`: the ids of the others; `kept`: of the earlier round's queries those that are still there.
    """

    groups: dict[str, str]
    earlier: dict[str, SplitName]
    test: list[Query]
    gone: list[str]
    kept: frozenset[str]

    @classmethod
    def of(cls, carried: Carried, chunks: Sequence[Chunk], groups: Mapping[str, str]) -> "Round":
        places = Places(carried, chunks)
        divided, earlier = _divided(chunks, groups, _splits(carried, places, chunks))
        test, gone = places.standing(carried.test.queries)
        kept, _ = places.standing(carried.queries)
        return cls(
            groups=divided,
            earlier=earlier,
            test=test,
            gone=[query.id for query in gone],
            kept=frozenset(query.id for query in (*kept, *test)),
        )

    def split(
        self, groups: Collection[str], asked: Collection[str], prepare: Prepare, seed: int
    ) -> dict[str, SplitName]:
        """Group → split: its earlier one, else what is drawn for it where queries are asked about it (see `drawn`)."""
        kept = {group: self.earlier[group] for group in groups if group in self.earlier}
        new = [group for group in asked if group not in self.earlier]
        return kept | drawn(new, prepare.test_fraction, prepare.dev_fraction, seed)

    @property
    def old(self) -> frozenset[str]:
        """The ids of the earlier test's queries that are still asked."""
        return frozenset(query.id for query in self.test)


def drawn(
    groups: Collection[str], test_fraction: float, dev_fraction: float, seed: int
) -> dict[str, SplitName]:
    """Group → split of groups that come in batches of any size, in the order of a seeded hash.

    A batch that is too small for a whole group of test or dev gets one with the probability that is left over, so
    that over many batches each fraction is kept; the first group always trains where it is alone.
    """
    order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed}\0{group}".encode()).digest())
    joined = "\0".join(order)

    def share(name: str, fraction: float) -> int:
        chance = int.from_bytes(hashlib.sha256(f"{seed}\0{name}\0{joined}".encode()).digest()[:8], "big")
        return int(fraction * len(order) + chance / 2**64)

    test = min(share("test", test_fraction), max(len(order) - 1, 0))
    dev = min(share("dev", dev_fraction), max(len(order) - test - 1, 0))
    return {
        group: "test" if position < test else "dev" if position < test + dev else "train"
        for position, group in enumerate(order)
    }


def _splits(carried: Carried, places: Places, chunks: Sequence[Chunk]) -> dict[str, SplitName]:
    """Chunk of now → the split that it has from the earlier round; a chunk that is new there is left out.

    One that is new in a document of then has the document's, "train" where the document stood on several sides.
    """
    of_document: dict[str, set[SplitName]] = defaultdict(set)
    for one in carried.chunks:
        of_document[one.document_id].add(one.split)
    found: dict[str, SplitName] = {}
    for chunk in chunks:
        split = carried.splits.get(chunk.id) or carried.splits.get(places.renamed.get(chunk.id, ""))
        stood = of_document.get(chunk.document_id, set())
        if split is None and stood:
            split = next(iter(stood)) if len(stood) == 1 else "train"
        if split is not None:
            found[chunk.id] = split
    return found


def _divided(
    chunks: Sequence[Chunk], groups: Mapping[str, str], splits: Mapping[str, SplitName]
) -> tuple[dict[str, str], dict[str, SplitName]]:
    """Groups none of which mixes splits, and group → split of those that have one.

    What a new document joins is divided into chunks, each with its duplicates; of duplicates that stood apart, and
    are known as such only now, the strictest split counts.
    """
    stood: dict[str, set[SplitName]] = defaultdict(set)
    for chunk in chunks:
        if chunk.id in splits:
            stood[groups[chunk.id]].add(splits[chunk.id])
    mixed = {group for group, found in stood.items() if len(found) > 1}
    divided = {
        chunk.id: chunk.duplicate_of or chunk.id if groups[chunk.id] in mixed else groups[chunk.id]
        for chunk in chunks
    }
    earlier: dict[str, SplitName] = {}
    for chunk in chunks:
        group = divided[chunk.id]
        # what is new in a group that was divided is no test: it stands beside what trained
        split = splits.get(chunk.id) or ("train" if groups[chunk.id] in mixed else None)
        if split is not None:
            earlier[group] = min(earlier.get(group, split), split, key=STRICTEST.index)
    return divided, earlier
