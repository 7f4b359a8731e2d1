"""What is counted of texts: their words, which of these are unknown, the pieces they are split into, their script."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from idiolect.lifecycle.drift.samples import Text
from idiolect.readers.base import Block
from idiolect.readers.language import detect
from idiolect.teachers.reporting.words import words

UNTOLD = "?"


class Vocabulary:
    """Words of a corpus, and in how many of its groups (documents) each stands."""

    def __init__(self, texts: Iterable[Text]) -> None:
        groups: dict[str, set[str]] = {}
        for text in texts:
            groups.setdefault(text.group, set()).update(set(_words(text.text)))
        self._held = groups
        self._spread = Counter(word for held in groups.values() for word in held)

    def unknown(self, text: Text) -> float:
        """The share of a text's words that stand in no group but its own: 0 of a text without words."""
        found = _words(text.text)
        own = self._held.get(text.group, set())
        lacking = sum(self._spread[word] <= (word in own) for word in found)
        return lacking / len(found) if found else 0.0


def lengths(texts: Sequence[Text]) -> NDArray[np.float64]:
    """Words a text."""
    return np.array([len(_words(text.text)) for text in texts], float)


def subwords(texts: Sequence[Text], tokenizer: Tokenizer) -> NDArray[np.float64]:
    """Pieces a word, of each text; `tokenizer` neither pads nor truncates."""
    encodings = tokenizer.encode_batch([text.text for text in texts], add_special_tokens=False)
    pieces = np.array([len(encoding.ids) for encoding in encodings], float)
    return pieces / np.maximum(lengths(texts), 1)


def language(text: str) -> str:
    """ISO 639-1, or UNTOLD: of most short queries none can be told."""
    return detect(text, [Block(start=0, end=len(text), kind="paragraph")]) or UNTOLD


def script(text: str) -> str:
    """That of most of a text's letters, as Unicode names them: "latin", "cyrillic", "cjk" …; UNTOLD without any."""
    names: Mapping[str, int] = Counter(
        unicodedata.name(letter, UNTOLD).partition(" ")[0].lower() for letter in text if letter.isalpha()
    )
    return max(names, key=lambda name: (names[name], name), default=UNTOLD)


def _words(text: str) -> list[str]:
    return [word.text for word in words(text)]
