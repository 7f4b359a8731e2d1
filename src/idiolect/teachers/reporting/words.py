"""Words with their places in a text, and what two texts share of them."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from idiolect.mining.lexical import word_pattern

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

FOUND = 0.5
"""Share of an answer's words that a stretch of text must hold to count as its place.  A judgement call:
answers are often reworded, and below half any stretch of the same subject would do."""


class Word(NamedTuple):
    """`text[start:end]`, lower-cased."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of a text; each character is one in scripts that are written without spaces."""
    found: list[Word] = []
    for match in word_pattern().finditer(text):
        if _UNSPACED.search(match.group()):
            found += [Word(text[at].lower(), at, at + 1) for at in range(match.start(), match.end())]
        else:
            found.append(Word(match.group().lower(), match.start(), match.end()))
    return found


def longest_run(query: Sequence[str], source: Sequence[str]) -> int:
    """How many words of `query` stand in `source` in one piece, at most."""
    places: dict[str, list[int]] = {}
    for position, word in enumerate(source):
        places.setdefault(word, []).append(position)
    best = 0
    ending: dict[int, int] = {}
    for word in query:
        ending = {at: ending.get(at - 1, 0) + 1 for at in places.get(word, ())}
        best = max(best, max(ending.values(), default=0))
    return best


def locate(answer: str, text: str) -> tuple[int, int] | None:
    """Where `text` gives the answer, in characters: the stretch that shares most words with it.

    None where no stretch shares FOUND of them, or two apart do equally well: taking the first of
    those would find a bias towards the beginning that is not there.
    """
    wanted = [word.text for word in words(answer)]
    held = words(text)
    size = min(len(wanted), len(held))
    if not size:
        return None
    shared = _shared(wanted, [word.text for word in held], size)
    most = max(shared)
    best = [position for position, count in enumerate(shared) if count == most]
    if most < FOUND * len(wanted) or best[-1] - best[0] >= size:
        return None
    first = best[len(best) // 2]
    return held[first].start, held[first + size - 1].end


def _shared(wanted: Sequence[str], held: Sequence[str], size: int) -> list[int]:
    """For each window of `size` words of `held`, how many words it shares with `wanted`, repeats counted."""
    left = Counter(wanted)
    count = 0
    result: list[int] = []
    for position, word in enumerate(held):
        count += left[word] > 0
        left[word] -= 1
        if position >= size:
            leaving = held[position - size]
            left[leaving] += 1
            count -= left[leaving] > 0
        if position >= size - 1:
            result.append(count)
    return result
