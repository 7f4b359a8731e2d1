"""Queries that ask the same in almost the same words: order, inflection and function words make no difference.

Overlap of words or of characters, however high, does not tell these apart from queries that differ
in the one word that matters ("code 401", "code 403"; "in the liver", "in the kidney"): in a text of
ten words both differ by one.  So every word that carries meaning must have its match.
"""

import functools
from collections import defaultdict
from itertools import takewhile

import bm25s.stopwords

from idiolect.mining.fingerprints import words
from idiolect.teachers.scripts import is_unspaced

_PREFIX = 4
"""Letters by which candidates are looked up: what an ending never reaches."""
_ENDING = 3
"""Letters at most that two forms of a word may differ in, and a third of the longer form."""
_TELLING = frozenset({
    "above", "after", "against", "before", "below", "down", "no", "nor", "not", "off", "on", "out", "over", "under",
    "until", "up", "without", "gegen", "hinter", "kein", "keine", "keinem", "keinen", "keiner", "keines", "nach",
    "nicht", "nichts", "ohne", "unter", "vor", "über", "avant", "contra", "contre", "hasta", "ne", "ni", "non", "pas",
    "sans", "sem", "senza", "sin", "sobre", "sous", "sur", "без", "до", "над", "не", "ни", "под", "после", "ikke",
    "inte", "efter", "etter", "före", "før", "değil", "geen", "na", "niet", "voor", "zonder",
})  # fmt: skip
"""Function words that change what is asked: negations, and before or after, above or below."""


class NearDuplicates:
    """Remembers the queries that were kept, to say of a further one which of them it repeats."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], list[tuple[tuple[str, ...], str, str, str]]] = defaultdict(list)

    def find(self, text: str, style: str, source: str) -> str | None:
        """The id of the query that this one repeats; None where it repeats none.

        Of one `source`, a question and the keywords of that question are both wanted: there only the
        same `style` repeats.
        """
        content = content_words(text)
        for known, known_style, known_source, identifier in self._kept.get(_looked_up(content), ()):
            same = source != known_source or style == known_style
            if same and all(map(_forms_of_one, content, known)):
                return identifier
        return None

    def keep(self, text: str, style: str, source: str, identifier: str) -> None:
        content = content_words(text)
        if content:
            self._kept[_looked_up(content)].append((content, style, source, identifier))


def content_words(text: str) -> tuple[str, ...]:
    """The words that carry meaning, sorted; of scripts written without spaces, the characters.

    A text of function words alone gives them all.
    """
    parts: list[str] = []
    pair_before = ""
    for word in words(text):
        if not is_unspaced(word):
            parts.append(word)
            pair_before = ""
            continue
        # pairs overlap: each but the first of a run brings one new character
        parts += word[1:] if pair_before and pair_before[-1] == word[0] else word
        pair_before = word
    telling = [part for part in parts if part not in _function_words()]
    return tuple(sorted(telling or parts))


def _looked_up(content: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word if _has_digit(word) else word[:_PREFIX] for word in content)


def _forms_of_one(one: str, other: str) -> bool:
    """Whether two words are equal up to an ending; those with digits are names and numbers, equal or not."""
    if one == other:
        return True
    if _has_digit(one) or _has_digit(other):
        return False
    longer = max(len(one), len(other))
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return shared >= longer - min(_ENDING, longer // 3)


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


@functools.cache
def _function_words() -> frozenset[str]:
    """Those of the twelve languages written in letters for which bm25s has a list."""
    lists = [
        value
        for name, value in vars(bm25s.stopwords).items()
        if name.startswith("STOPWORDS_") and name not in ("STOPWORDS_CHINESE", "STOPWORDS_KOREAN")
    ]
    return frozenset(word for listed in lists for word in listed) - _TELLING
