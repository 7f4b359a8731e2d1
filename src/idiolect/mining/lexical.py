"""BM25 over a corpus held in memory (bm25s, Lucene's variant), for any language."""

import functools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import bm25s
import numpy as np
import Stemmer

from idiolect.records import Fusion

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 code → Snowball algorithm; other languages are indexed unstemmed."""

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@functools.cache
def word_pattern() -> re.Pattern[str]:
    """Letters and digits with the combining marks on them, which Python's own \\w leaves out."""
    marks = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M")]
    return re.compile(f"[^\\W_](?:[^\\W_]|[{''.join(map(chr, marks))}])*")


def analyser(language: str) -> Callable[[str], list[str]]:
    """A function from text to index terms: lower-cased words, stemmed where Snowball knows the language.

    Runs of scripts written without spaces (Chinese, Japanese, Thai, Lao) become character bigrams.
    """
    word_of = word_pattern()
    stemmer = Stemmer.Stemmer(STEMMERS[language]) if language in STEMMERS else None

    def terms(text: str) -> list[str]:
        words: list[str] = []
        for word in word_of.findall(unicodedata.normalize("NFC", text).lower()):
            words.extend(bigrams(word) if _UNSPACED.search(word) else (word,))
        return list(stemmer.stemWords(words)) if stemmer else words

    return terms


def bigrams(word: str) -> list[str]:
    """A word with every run of a script without spaces made overlapping pairs of characters."""
    parts: list[str] = []
    position = 0
    for run in _UNSPACED.finditer(word):
        parts += [word[position : run.start()]] if run.start() > position else []
        text = run.group()
        parts += [text[i : i + 2] for i in range(max(len(text) - 1, 1))]
        position = run.end()
    return parts + ([word[position:]] if position < len(word) else [])


class BM25:
    """Robertson and Zaragoza (2009) with Lucene's idf; `k1`, `b` and the language come from `fusion`."""

    def __init__(self, texts: Sequence[str], fusion: Fusion) -> None:
        self.terms = analyser(fusion.language)
        self.size = len(texts)
        corpus = [self.terms(text) for text in texts]
        self.k1, self.b = fusion.k1, fusion.b
        self.mean_length = sum(map(len, corpus)) / max(self.size, 1)
        self.index: bm25s.BM25 | None = None
        if any(corpus):
            self.index = bm25s.BM25(method="lucene", k1=fusion.k1, b=fusion.b)
            self.index.index(corpus, show_progress=False)

    def scores(self, query: str) -> np.ndarray:
        """float32 [corpus]: 0 where a text shares no term with the query."""
        terms = [term for term in self.terms(query) if self.index and term in self.index.vocab_dict]
        if self.index is None or not terms:
            return np.zeros(self.size, np.float32)
        return np.asarray(self.index.get_scores(terms), np.float32)

    def score(self, query: str, text: str) -> float:
        """What a text that is not in the corpus would score, by the corpus's frequencies and mean length."""
        if self.index is None:
            return 0.0
        found = self.terms(text)
        counts = Counter(found)
        norm = self.k1 * (1 - self.b + self.b * len(found) / self.mean_length)
        total = 0.0
        for term in self.terms(query):
            if counts[term] and term in self.index.vocab_dict:
                column = self.index.vocab_dict[term]
                held = int(self.index.scores["indptr"][column + 1] - self.index.scores["indptr"][column])
                rarity = math.log(1 + (self.size - held + 0.5) / (held + 0.5))
                total += rarity * counts[term] / (counts[term] + norm)
        return total
