"""Where a text holds numbers that could be somebody's: the stretches that the costlier searches look at."""

import re
from collections.abc import Iterator

JOINED = r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
"""A letter or digit that goes on a word, for patterns to say where a value begins and ends.

Not _, which emphasises in Markdown and parts names of files, and no letter of the scripts that put no space around a
number: Thai, Lao, Burmese, Khmer, kana, Han and Hangul.
"""

_SPREAD = re.compile(r"\d(?:[A-Za-z ().\-/:_]{0,2}\d){3,}")
_BEFORE, _AFTER = 12, 24
"""Characters: the six letters of an Italian code stand before its first digit, an IBAN's last ones after."""


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """Spans with at least four digits that lie close together, and what is around them; none overlaps another."""
    start = end = -1
    for match in _SPREAD.finditer(text):
        if match.start() - _BEFORE <= end:
            end = match.end() + _AFTER
            continue
        if end >= 0:
            yield max(start, 0), min(end, len(text))
        start, end = match.start() - _BEFORE, match.end() + _AFTER
    if end >= 0:
        yield max(start, 0), min(end, len(text))


_TYPESET = dict(zip("\u00a0\u2007\u202f\u2011\u2010\u2012\u2013", "   ----", strict=True))


def plain(text: str) -> str:
    """With the spaces and hyphens that patterns expect in place of those that typesetting puts between digits."""
    if text.isascii():
        return text
    for character, expected in _TYPESET.items():
        text = text.replace(character, expected)
    return text


def compact(text: str) -> str:
    """Letters and digits alone, in capitals."""
    return "".join(character for character in text if character.isalnum()).upper()


def near(text: str, start: int, end: int, before: int = 60, after: int = 30) -> str:
    """What stands around a span, in small letters."""
    return f"{text[max(0, start - before) : start]} {text[end : end + after]}".lower()
