"""Two or three chunks that belong together, so that a query may need more than one of them.

What joins chunks: words that hardly any others hold, a link from one document to the other, or the
document whose sections they are.  Neighbours in one section are never joined: they say one thing.
"""

import itertools
import math
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from idiolect.records import Chunk
from idiolect.teachers.information import frequencies, rarity, size, terms
from idiolect.teachers.links import linked_documents

MOST_HOLDERS = 5
"""A term in more chunks than this joins none of them."""
_ALIKE = 0.5  # Jaccard similarity, terms weighed by rarity, from which chunks say the same rather than belong together
_MOST_USES = 3
_SECTIONS = 8  # of one document, drawn, that are compared with each other
_LINKED, _SAME_DOCUMENT, _MOST_OVERLAP = 2.0, 0.5, 3.0  # in terms that only two chunks of the corpus hold
_THREES = 1 / 3

Pair = tuple[int, int]
"""Two positions in the list of chunks, the lower one first."""


def bundles(
    chunks: Sequence[Chunk], count: int, seed: int, paths: Mapping[str, str]
) -> list[tuple[Chunk, ...]]:
    """At most `count` bundles, those that are joined most firmly first; a third of them have three chunks.

    `paths` maps document ids to paths in the folder, which links name.  No chunk is in more than
    three bundles, and in a second one only when all that can be are in a first.
    """
    if count < 1:
        return []
    joins = _Joins(chunks, seed, paths)
    ranked = sorted(joins.strength, key=lambda pair: (-joins.strength[pair], joins.chance(pair)))
    uses: Counter[int] = Counter()
    taken: dict[frozenset[int], tuple[Chunk, ...]] = {}
    for most in range(1, _MOST_USES + 1):
        for pair in ranked:
            if len(taken) == count:
                return list(taken.values())
            if any(uses[member] >= most for member in pair) or frozenset(pair) in taken:
                continue
            free = [third for third in joins.thirds(pair) if uses[third] < most]
            members = [*pair, *free[:1]] if joins.chance(pair) < _THREES else list(pair)
            if frozenset(members) in taken:
                continue
            uses.update(members)
            random.Random(f"{seed}/{sorted(chunks[i].id for i in members)}").shuffle(members)
            taken[frozenset(members)] = tuple(chunks[i] for i in members)
    return list(taken.values())


class _Joins:
    """Which chunks belong together, and how firmly."""

    def __init__(self, chunks: Sequence[Chunk], seed: int, paths: Mapping[str, str]) -> None:
        self.chunks, self.seed = chunks, seed
        self.terms = [terms(chunk) for chunk in chunks]
        self.known = frequencies(self.terms)
        self.amounts = [self._amount(held) for held in self.terms]
        self.unit = rarity(2, len(chunks)) if chunks else 1.0
        self.by_document: dict[str, list[int]] = defaultdict(list)
        for position, chunk in enumerate(chunks):
            self.by_document[chunk.document_id].append(position)
        self.strength: dict[Pair, float] = {}
        self._partners: dict[int, list[int]] = defaultdict(list)
        links = set(self._links(paths))
        for pair in sorted({*self._sharing(), *self._sections(), *links}):
            strength = self._strength(pair, pair in links)
            if strength:
                self.strength[pair] = strength
                self._partners[pair[0]].append(pair[1])
                self._partners[pair[1]].append(pair[0])

    def chance(self, pair: Pair) -> float:
        """A number in [0, 1) that the seed draws for two chunks, whatever the others are."""
        one, other = (self.chunks[member].id for member in pair)
        # a checksum: a generator for each of many pairs takes minutes
        return zlib.crc32(f"{self.seed}/{one}/{other}".encode()) / 2**32

    def thirds(self, pair: Pair) -> list[int]:
        """Chunks that go with one of a pair and repeat neither of them, the firmest first."""
        found: dict[int, float] = {}
        for member, other in (pair, pair[::-1]):
            for third in self._partners[member]:
                if third not in pair and self._differ(_ordered(third, other)):
                    strength = self.strength[_ordered(member, third)]
                    found[third] = max(found.get(third, 0.0), strength)
        return sorted(found, key=lambda third: (-found[third], third))

    def _strength(self, pair: Pair, linked: bool) -> float:
        """0 where the two do not belong together; the unit is a term that only they hold."""
        if not self._differ(pair):
            return 0.0
        one, other = pair
        shared = sorted(self.terms[one] & self.terms[other])
        overlap = self._amount(filter(self._is_rare, shared)) / self.unit
        siblings = self.chunks[one].document_id == self.chunks[other].document_id
        if not linked and overlap < 1:
            telling = sum(size(term) for term in shared if 4 * self.known[term] <= len(self.chunks))
            if not siblings or telling < 2:
                return 0.0
        return min(overlap, _MOST_OVERLAP) + _LINKED * linked + _SAME_DOCUMENT * siblings

    def _rarity(self, term: str) -> float:
        return rarity(self.known[term], len(self.chunks))

    def _is_rare(self, term: str) -> bool:
        return 2 <= self.known[term] <= min(MOST_HOLDERS, math.ceil(len(self.chunks) / 2))

    def _differ(self, pair: Pair) -> bool:
        one, other = (self.chunks[member] for member in pair)
        if one.document_id == other.document_id and one.headings == other.headings:
            return False
        shared = self._shared(*pair)
        return shared < _ALIKE * sum(self.amounts[member] for member in pair) - _ALIKE * shared

    def _sharing(self) -> Iterator[Pair]:
        holders: dict[str, list[int]] = defaultdict(list)
        for position, held in enumerate(self.terms):
            for term in held:
                if self._is_rare(term):
                    holders[term].append(position)
        for positions in holders.values():
            yield from itertools.combinations(positions, 2)

    def _sections(self) -> Iterator[Pair]:
        """The first chunks of a document's sections, each with each."""
        for document, positions in self.by_document.items():
            firsts: dict[tuple[str, ...], int] = {}
            for position in positions:
                firsts.setdefault(tuple(self.chunks[position].headings), position)
            drawn = random.Random(f"{self.seed}/sections/{document}")
            sections = list(firsts.values())
            yield from itertools.combinations(
                sorted(drawn.sample(sections, min(_SECTIONS, len(sections)))), 2
            )

    def _links(self, paths: Mapping[str, str]) -> Iterator[Pair]:
        """Each chunk that holds a link, with the chunk of the other document that shares most with it."""
        for position, documents in enumerate(linked_documents(self.chunks, paths)):
            for document in documents:
                targets = self.by_document.get(document, [])
                if targets and document != self.chunks[position].document_id:
                    yield _ordered(position, max(targets, key=lambda i: (self._shared(position, i), -i)))

    def _shared(self, one: int, other: int) -> float:
        return self._amount(self.terms[one] & self.terms[other])

    def _amount(self, held: Iterable[str]) -> float:
        return sum(size(term) * self._rarity(term) for term in sorted(held))


def _ordered(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)
