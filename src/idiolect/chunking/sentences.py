"""Where a text can be cut: between sentences, lines, list items."""

import re
from itertools import pairwise

import sentencex

_ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)]|#\.)[ \t]", re.MULTILINE)


def sentence_spans(text: str, language: str) -> list[tuple[int, int]]:
    """The sentences of `text` as spans that touch: white space after a sentence belongs to it.

    `language` is an ISO 639-1 code; "" is taken for English.
    """
    found = sentencex.get_sentence_boundaries(language or "en", text)
    return _touching(text, [int(sentence["start_index"]) for sentence in found])


def line_spans(text: str) -> list[tuple[int, int]]:
    """The lines of `text` as spans that touch."""
    return _touching(text, [match.end() for match in re.finditer("\n", text)])


def item_spans(text: str) -> list[tuple[int, int]]:
    """The items of a list as spans that touch; nested items count as items."""
    return _touching(text, [match.start() for match in _ITEM.finditer(text)])


def _touching(text: str, starts: list[int]) -> list[tuple[int, int]]:
    """Spans from each start to the next; a stretch of white space alone joins what precedes it."""
    kept = [0]
    for start in starts:
        if start > kept[-1] and start < len(text):
            if text[kept[-1] : start].isspace() and len(kept) > 1:
                kept[-1] = start
            elif not text[kept[-1] : start].isspace():
                kept.append(start)
    if len(kept) > 1 and text[kept[-1] :].isspace():
        kept.pop()
    return [*pairwise(kept), (kept[-1], len(text))] if text else []
