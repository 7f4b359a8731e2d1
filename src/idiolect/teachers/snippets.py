"""What can be copied out of a chunk to stand for a query: sentences, windows, key terms, definitions, headings.

Nothing is copied from a chunk's boilerplate: it says nothing of this chunk.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from idiolect.chunking.sentences import sentence_spans
from idiolect.mining.boilerplate import own_stretches, own_text
from idiolect.mining.lexical import analyser, bigrams, word_pattern
from idiolect.mining.masking import squeeze
from idiolect.records import Chunk

_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),  # image → its alternative text
    (re.compile(r"\[([^\]]+)\](\([^)]*\)|\[[^\]]*\])"), r"\1"),  # link → its text
    (
        re.compile(r"\{\{[<%].*?[>%]\}\}|<!--.*?-->|</?[a-zA-Z][^>]*>", re.S),
        " ",
    ),  # shortcodes, comments, tags
    (re.compile(r":[a-z]+(?::[a-z]+)?:`~?([^`<]+)(?:<[^>]*>)?`"), r"\1"),  # reST role → its text
    (re.compile(r"`+|\*{1,3}|(?<!\w)_{1,2}|_{1,2}(?!\w)"), ""),  # code marks, emphasis
    (re.compile(r"^[ \t]*(?:#{1,6}|[-+*>]|\d+[.)])[ \t]+", re.M), ""),  # heading, list and quote marks
)
_DOCSTRING = re.compile(r'[rRuU]?("""|\'\'\')(.+?)\1', re.S)
_DEFINITION = re.compile(
    r"^(?:(?:the|an?|das|der|die|ein|eine|le|la|les|un|une|el|los|las)\s+)?[\w\s'’()-]{2,50}?\s"
    r"(?:is|are|means|refers to|represents|defines|describes|ist|sind|bezeichnet|beschreibt|est|sont|désigne|es|son)\s"
    r"(?P<definiens>(?:an?|the|one|any|ein|eine|der|die|das|un|une|le|la|les|el|los)\s.+)$",
    re.I | re.S,
)
_HEADING_LINE = re.compile(r"^#{1,6}[ \t]+(.+?)(?:[ \t]+\{#[^}]*\})?[ \t#]*$", re.M)
_FENCED = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)", re.M | re.S)
_count_terms = analyser("")


def plain(text: str) -> str:
    """Text as a reader sees it: links, emphasis and tags resolved, white space squeezed."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return squeeze(text)


def word_count(text: str) -> int:
    """Words, or character pairs in scripts written without spaces."""
    return len(_count_terms(text))


def sentences(chunk: Chunk, language: str, shortest: int = 6, longest: int = 50) -> list[str]:
    """The chunk's prose sentences of `shortest` to `longest` words, verbatim; code and tables left out."""
    found = []
    for start, end in sentence_spans(chunk.text, language):
        sentence = chunk.text[start:end].strip()
        if _recurs(chunk, start, end):
            continue
        if shortest <= word_count(sentence) <= longest and is_prose(sentence):
            found.append(sentence)
    return found


def is_prose(text: str) -> bool:
    """Whether most characters are letters and spaces, as they are not in code, tables and link lists."""
    letters = sum(character.isalpha() or character.isspace() for character in text)
    return letters >= 0.8 * len(text) and "|" not in text and "```" not in text and "\n\n" not in text


def _recurs(chunk: Chunk, start: int, end: int) -> bool:
    return any(first < end and start < last for first, last in chunk.boilerplate)


def longest_stretch(chunk: Chunk) -> str:
    """The longest of the chunk's text without boilerplate between."""
    return max((chunk.text[start:end] for start, end in own_stretches(chunk)), key=len, default="")


def window(text: str, generator: random.Random, shortest: int = 6, longest: int = 20) -> str:
    """A stretch of `shortest` to `longest` words (or twice as many characters without spaces), verbatim.

    Empty where the text is too short to leave as much again outside it.
    """
    pattern, factor = (r"\S+", 1) if len(text.split()) * 12 > len(text) else (r"\S", 2)
    words = [match.span() for match in re.finditer(pattern, text)]
    length = min(generator.randint(shortest, longest) * factor, len(words) // 2)
    if length < shortest:
        return ""
    first = generator.randrange(len(words) - length + 1)
    return text[words[first][0] : words[first + length - 1][1]]


def docstring(chunk: Chunk) -> tuple[str, str]:
    """(first sentence, whole docstring) of the first docstring in a chunk of code; ("", "") without one."""
    match = _DOCSTRING.search(chunk.text)
    if (
        match is None
        or _recurs(chunk, *match.span())
        or not re.search(r"^\s*(?:async\s+)?(?:def|class)\s", chunk.text[: match.start()], re.M)
    ):
        return "", ""
    first = re.split(r"\n\s*\n|\n\s*(?=[:@]\w)|(?<=[.!?])\s", match.group(2).strip())[0]
    return plain(first), match.group()


def definition(sentence: str) -> str:
    """What a defining sentence says of its subject ("a unit of work"), without naming it; else empty."""
    match = _DEFINITION.match(plain(sentence))
    definiens = match.group("definiens").rstrip(" .;:") if match else ""
    return definiens if word_count(definiens) >= 5 else ""


def headings(chunk: Chunk) -> list[str]:
    """The heading path of a chunk and the Markdown headings inside its text, verbatim; no code comments."""
    return list(
        dict.fromkeys(
            [*chunk.headings, *(line.strip() for line in _HEADING_LINE.findall(_FENCED.sub("", chunk.text)))]
        )
    )


def document_frequencies(chunks: Iterable[Chunk]) -> Counter[str]:
    """Lower-cased word → number of chunks that hold it."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(set(_words(chunk.text.lower())))
    return counts


def key_terms(
    chunk: Chunk, frequencies: Mapping[str, int], chunks: int, generator: random.Random
) -> Sequence[str]:
    """3 to 8 words of the chunk with the highest tf·idf, in text order; empty where there are too few."""
    words = _words(plain(own_text(chunk)))
    counts = Counter(word.lower() for word in words)
    weights = {
        word: (1 + math.log(count)) * math.log(chunks / frequencies[word])
        for word, count in counts.items()
        if 0 < frequencies.get(word, 0) < chunks
    }
    wanted = generator.randint(3, 8)
    ranked = sorted(weights, key=lambda word: (-weights[word], word))[: 2 * wanted]
    chosen = set(generator.sample(ranked, min(wanted, len(ranked))))
    first: dict[str, str] = {}
    for word in words:
        if word.lower() in chosen:
            first.setdefault(word.lower(), word)
    return list(first.values()) if len(first) >= 3 else []


def _words(text: str) -> list[str]:
    """Words of three letters or more that begin with one; pairs of characters in scripts without spaces."""
    words: list[str] = []
    for word in word_pattern().findall(text):
        parts = bigrams(word)
        if parts != [word]:
            words += parts
        elif len(word) >= 3 and word[0].isalpha():
            words.append(word)
    return words
