"""What a card's template is filled with: text that Markdown shows as it is, and figures as people read them."""

import json
import re
from collections.abc import Iterable
from typing import Any

from idiolect.evaluation import wording

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
_BEGINS_A_BLOCK = re.compile(r"^(?:(\d+)([.)])(?= |$)|([-+=])(?!\d))")


class Marked(str):
    """Markdown already: written into a card as it is."""


def shown(value: Any) -> str:
    """Any value as a card has it: the one way in which figures and text get into one.

    An int with thousands separated, a float with three decimals, all else as text on one line.
    """
    if isinstance(value, Marked):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    return escaped(str(value))


def escaped(text: str) -> str:
    """Text that shows as it is wherever it stands, in a table or at the beginning of a line too."""
    text = _SPECIAL.sub(r"\\\1", plain(text))
    return _BEGINS_A_BLOCK.sub(lambda found: f"{found[1] or ''}\\{found[2] or found[3]}", text)


def plain(text: str) -> str:
    """On one line, without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def code(text: str) -> Marked:
    """A code span, which may hold backticks; nothing is written for no text."""
    text = plain(text)
    if not text:
        return Marked("")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return Marked(f"{fence}{room}{text}{room}{fence}".replace("|", "\\|"))


def codes(texts: Iterable[str]) -> Marked:
    return Marked(", ".join(map(code, texts)))


def literal(text: str) -> Marked:
    """A string as Python and JSON write it, harmless within a block of code."""
    return Marked(json.dumps(text).replace("`", "\\u0060"))


def counts(numbers: dict[str, int]) -> Marked:
    """What there is how often, the most frequent first: "`en` 12, `de` 3"; "not known" for what has no name."""
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return Marked(", ".join(f"{code(name) or 'not known'} {shown(number)}" for name, number in ordered))


FILTERS = {
    "code": code,
    "codes": codes,
    "counts": counts,
    "literal": literal,
    "general": lambda value: Marked(f"{value:g}"),
    "label": lambda metric: Marked(wording.label(metric)),
    "percent": lambda value: Marked(wording.percent(value)),
    "probability": lambda value: Marked(wording.probability(value)),
    "share": lambda value: Marked(f"{value:.1%}"),
    "signed": lambda value: Marked(wording.signed(value)),
}
