"""Several short texts in one row of a batch: hardly any padding, and few shapes.

Attention is confined to each text by its number in the row, and positions begin anew with each, so that a text's
vector does not depend on its row mates; `packed_graph` makes graphs that take such rows.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.runtimes.base import TokenIds
from idiolect.runtimes.tokens import IntArray

ROW_TOKENS = 64
"""Texts up to so long are packed well whatever their lengths: 16 queries of 7 to 60 tokens need 4% of padding."""

WIDTHS = range(48, 129, 8)
"""Tokens of the rows that texts share; more widths fit better and are more shapes, each of which a runtime may have
to make kernels for.
"""

STEP = 4
"""A single row, and rows of one text each, are as wide as they need to be, to a multiple of it."""

ATTENTION = 2048
"""Width of a row at which attention costs as much as all else, about: 2,300 by operations where dimension is 384."""

PLACES = 8
"""Rows with more than one text have a multiple of so many places."""

INPUTS = ("input_ids", "position_ids", "texts", "numbers")
"""Of a packed graph, int64: three of [rows, width], and the numbers [places] that texts may have in their rows."""


@dataclass(frozen=True)
class Packed:
    """One pass: each token's id, position in its text, and text's number in the row (from 1; 0 is padding).

    `places`: the row that each text's vector has in the output [rows x places, dimension].
    """

    inputs: dict[str, IntArray]
    places: NDArray[np.intp]


def pack(tokens: Sequence[TokenIds], padding: int) -> Packed:
    """One pass over all of `tokens`."""
    width, rows = arrange([len(ids) for ids in tokens])
    most = max(map(len, rows))
    places = 1 if most == 1 else -(-most // PLACES) * PLACES
    ids = np.full((len(rows), width), padding, dtype=np.int64)
    positions, texts = np.zeros_like(ids), np.zeros_like(ids)
    found = np.empty(len(tokens), dtype=np.intp)
    counting = np.arange(max(width, places) + 1)
    for row, members in enumerate(rows):
        end = 0
        for place, index in enumerate(members):
            start, end = end, end + len(tokens[index])
            ids[row, start:end] = tokens[index]
            positions[row, start:end] = counting[: end - start]
            texts[row, start:end] = place + 1
            found[index] = row * places + place
    given = (ids, positions, texts, counting[1 : places + 1])
    return Packed(dict(zip(INPUTS, given, strict=True)), found)


def arrange(lengths: Sequence[int]) -> tuple[int, list[list[int]]]:
    """How wide the rows are, and the texts (indices into `lengths`) of each: what costs least."""
    total, own = _rounded(sum(lengths)), _rounded(max(lengths))
    if total <= ROW_TOKENS:
        return total, [list(range(len(lengths)))]
    widths = [own, *(width for width in WIDTHS if width > own)]
    return min(((width, _filled(lengths, width)) for width in widths), key=_cost)


def _cost(arranged: tuple[int, list[list[int]]]) -> int:
    width, rows = arranged
    return len(rows) * width * (width + ATTENTION)


def passes(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Indices into `lengths` in passes of at most `max_tokens` tokens, longest texts first; padding comes on top.

    A text longer than that is a pass of its own.
    """
    taken: list[int] = []
    room = max_tokens
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if taken and lengths[index] > room:
            yield taken
            taken, room = [], max_tokens
        taken.append(index)
        room -= lengths[index]
    if taken:
        yield taken


def _filled(lengths: Sequence[int], width: int) -> list[list[int]]:
    """Rows of the longest text that is left and, again and again, the longest that there is still room for."""
    left = sorted(range(len(lengths)), key=lengths.__getitem__)
    sizes = [lengths[index] for index in left]
    rows = []
    while left:
        row, room = [], width
        while fitting := bisect_right(sizes, room):
            room -= sizes.pop(fitting - 1)
            row.append(left.pop(fitting - 1))
        rows.append(row)
    return rows


def _rounded(tokens: int) -> int:
    return -(-tokens // STEP) * STEP
