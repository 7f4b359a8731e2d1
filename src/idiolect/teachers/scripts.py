"""Which words of `mining.fingerprints.words` are pairs of characters: how much of a text one of them is."""

import re
from collections.abc import Iterable

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_PAIR = 0.5
"""Words that a pair counts for, of which each character begins one."""


def is_unspaced(word: str) -> bool:
    """Whether the word is of a script written without spaces: Chinese, Japanese, Thai, Lao."""
    return _UNSPACED.match(word) is not None


def amount(found: Iterable[str]) -> float:
    """How many words of a spaced script these are worth."""
    return sum(_PAIR if is_unspaced(word) else 1.0 for word in found)
