"""The title and heading path that a chunk carries, kept short."""

from idiolect.chunking.tokens import TokenCounter

_FEWEST = 3
"""Tokens below which a part is not worth its place: two of its own and a separator."""


def fitted(counter: TokenCounter, parts: list[str], budget: int) -> list[str]:
    """`parts` (title first, then headings from the outside in) that cost `budget` tokens at most together.

    Outer headings go first where there are too many; then the longest parts are cut, at a word
    where there is one, to the length at which all fit.
    """
    excess = _excess(counter, parts, budget)
    if excess <= 0:
        return parts
    while len(parts) > 2 and len(parts) * _FEWEST > budget:
        parts = [parts[0], *parts[2:]]
    starts = counter.starts(parts)
    cap = max(map(len, starts))
    cut = parts
    while cap > 1 and _excess(counter, cut, budget) > 0:
        cap -= 1
        cut = [_cut(part, tokens, cap) for part, tokens in zip(parts, starts, strict=True)]
    return cut


def _excess(counter: TokenCounter, parts: list[str], budget: int) -> int:
    return counter.count(" › ".join(part for part in parts if part)) - counter.special - budget


def _cut(part: str, starts: list[int], cap: int) -> str:
    if len(starts) <= cap:
        return part
    end = starts[cap]
    word = part.rfind(" ", 0, end + 1)
    return part[: word if word > end // 2 else end].rstrip(" ,;:-–—")
