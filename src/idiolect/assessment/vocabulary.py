"""Which of the documents' words the base model does not know whole."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer

from idiolect.mining.lexical import word_pattern
from idiolect.records import Record

SHATTERED = 3
"""Pieces from which a word counts as split: two are mostly an ending or a compound."""

MOST_CHARACTERS = 2_000_000
"""Of text that is looked at: enough for any share to be exact to a tenth of a percent."""

_BATCH = 64
_SHOWN = 12
_FEWEST = 3  # occurrences of a word that is shown


class SplitWord(Record, frozen=True, kw_only=True):
    word: str
    count: int
    pieces: list[str]


class Vocabulary(Record, frozen=True, kw_only=True):
    """Words as BM25 sees them, in lower case, and the pieces that the base's tokenizer makes of each.

    `words`: occurrences; `distinct`: different words; `pieces_a_word`: mean over occurrences;
    `split_occurrences`, `split_distinct`: shares in SHATTERED pieces or more; `unknown`: share of
    occurrences of which some piece is the tokenizer's unknown token; `most_frequent`: split words
    that occur most.  A run of a script without spaces counts as one word.
    """

    words: int
    distinct: int
    pieces_a_word: float
    split_occurrences: float
    split_distinct: float
    unknown: float
    most_frequent: list[SplitWord]


def vocabulary(texts: Iterable[str], tokenizer: Tokenizer) -> Vocabulary:
    """Split words of `texts`, up to MOST_CHARACTERS of them; `tokenizer` neither pads nor truncates.

    A word's pieces are counted where it stands first, since tokenizers split by context.
    """
    counts: Counter[str] = Counter()
    pieces: dict[str, list[str]] = {}
    unknown_token = getattr(tokenizer.model, "unk_token", None)
    for batch in _batches(texts):
        encodings = tokenizer.encode_batch(batch, add_special_tokens=False)
        for text, encoding in zip(batch, encodings, strict=True):
            starts, tokens = [start for start, _ in encoding.offsets], encoding.tokens
            for match in word_pattern().finditer(text):
                word = match[0].lower()
                counts[word] += 1
                if word not in pieces:
                    pieces[word] = _pieces(tokens, starts, *match.span())
    total = max(counts.total(), 1)
    split = {word: count for word, count in counts.items() if len(pieces[word]) >= SHATTERED}
    unknown = sum(count for word, count in counts.items() if unknown_token in pieces[word])
    frequent = sorted(split, key=lambda word: (-split[word], word))
    return Vocabulary(
        words=counts.total(),
        distinct=len(counts),
        pieces_a_word=sum(count * len(pieces[word]) for word, count in counts.items()) / total,
        split_occurrences=sum(split.values()) / total,
        split_distinct=len(split) / max(len(counts), 1),
        unknown=unknown / total,
        most_frequent=[
            SplitWord(word=word, count=split[word], pieces=pieces[word])
            for word in frequent[:_SHOWN]
            if split[word] >= _FEWEST
        ],
    )


def _pieces(tokens: Sequence[str], starts: Sequence[int], start: int, end: int) -> list[str]:
    """The tokens that begin within a word, and the one that began before it where none begins at it."""
    first, last = bisect_left(starts, start), bisect_left(starts, end)
    if first and (first == len(starts) or starts[first] != start):
        first -= 1
    return list(tokens[first : max(last, first + 1)])


def _batches(texts: Iterable[str]) -> Iterable[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        batch.append(text)
        characters += len(text)
        if len(batch) == _BATCH or characters >= MOST_CHARACTERS:
            yield batch
            batch = []
        if characters >= MOST_CHARACTERS:
            return
    if batch:
        yield batch
