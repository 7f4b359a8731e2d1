"""How much there is to ask about a chunk: its distinct words, weighed by how rare they are among the chunks."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from idiolect.mining.boilerplate import own_text
from idiolect.mining.lexical import analyser
from idiolect.records import Chunk
from idiolect.teachers.scripts import amount
from idiolect.teachers.snippets import plain

FEWEST_WORDS = 5.0
"""Distinct words below which a chunk holds nothing to ask about."""

_ADDRESS = re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+")
_words = analyser("")


def terms(chunk: Chunk) -> frozenset[str]:
    """The distinct words of a chunk's own text, lower-cased, numbers and addresses left out.

    Scripts without spaces give overlapping pairs of characters; boilerplate and markup give nothing.
    """
    text = _ADDRESS.sub(" ", plain(own_text(chunk)))
    return frozenset(word for word in _words(text) if any(map(str.isalpha, word)))


def size(term: str) -> float:
    """Words that a term counts for: pairs of characters overlap, so that each is half a word."""
    return amount([term])


def frequencies(terms_of: Iterable[frozenset[str]]) -> Counter[str]:
    """Term → number of chunks that hold it."""
    counts: Counter[str] = Counter()
    for held in terms_of:
        counts.update(held)
    return counts


def rarity(frequency: int, total: int) -> float:
    """Inverse document frequency in nats: log(1 + total / frequency)."""
    return math.log1p(total / frequency)


def information(terms_of: Sequence[frozenset[str]]) -> list[float]:
    """For each chunk the summed rarity of its terms; 0 where it has fewer than FEWEST_WORDS words."""
    known, total = frequencies(terms_of), len(terms_of)
    return [_information(held, known, total) for held in terms_of]


def _information(held: frozenset[str], known: Mapping[str, int], total: int) -> float:
    if amount(held) < FEWEST_WORDS:
        return 0.0
    # sorted: the order of a set, and with it the last bit of the sum, differs between processes
    return sum(size(term) * rarity(known[term], total) for term in sorted(held))
