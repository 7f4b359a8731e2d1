"""A section that is too long for one chunk, cut where it hurts least."""

from collections.abc import Iterator

import msgspec

from idiolect.chunking.sentences import item_spans, line_spans, sentence_spans
from idiolect.chunking.tokens import TokenMap
from idiolect.readers.base import Block

Span = tuple[int, int]

FULL_ENOUGH = 1 / 3
"""Of a chunk's room: below it a block is rather cut than put off whole to the next chunk."""

TOO_SHORT = 1 / 4
"""Of a chunk's room: a last chunk below it shares evenly with the one before."""


class Unit(msgspec.Struct, frozen=True):
    """What is never cut: a sentence, a line of code, a table row, or a part of one that is too long.

    `block` numbers the block that it is of; `repeatable`: it may begin the next chunk as overlap.
    """

    start: int
    end: int
    block: int
    heading: bool
    repeatable: bool


def split(
    text: str, blocks: list[Block], language: str, measure: TokenMap, room: int, overlap: int
) -> list[Span]:
    """Spans that cost at most `room` tokens and cover the blocks; neighbours share up to `overlap` tokens."""
    units = [
        unit
        for number, block in enumerate(blocks)
        for unit in _units(text, block, number, language, measure, room)
    ]
    packer = _Packer(units, measure, room, overlap)
    return packer.pack()


def _units(
    text: str, block: Block, number: int, language: str, measure: TokenMap, room: int
) -> Iterator[Unit]:
    heading = block.kind == "heading"
    for start, end in _parts(text, block, language):
        if measure.cost(start, end) <= room:
            yield Unit(start, end, number, heading, repeatable=not heading)
        else:
            for first, last in _shorter(text, start, end, measure, room):
                yield Unit(first, last, number, heading, repeatable=False)


def _parts(text: str, block: Block, language: str) -> list[Span]:
    stretch = text[block.start : block.end]
    if block.kind == "heading":
        spans = [(0, len(stretch))]
    elif block.kind in ("code", "table"):
        spans = line_spans(stretch)
    elif block.kind == "list":
        spans = [
            (item + start, item + end)
            for item, item_end in item_spans(stretch)
            for start, end in sentence_spans(stretch[item:item_end], language)
        ]
    else:
        spans = sentence_spans(stretch, language)
    return [(block.start + start, block.start + end) for start, end in spans]


def _shorter(text: str, start: int, end: int, measure: TokenMap, room: int) -> Iterator[Span]:
    """Lines, where there are several; of a line that is too long, as many words, or tokens, as fit."""
    for line_start, line_end in line_spans(text[start:end]):
        at, last = start + line_start, start + line_end
        while measure.cost(at, last) > room:
            cut = _cut_at(text, at, measure.next_begins(at, room + 1), room)
            if cut <= at:
                break
            yield at, cut
            at = cut
        yield at, last


def _cut_at(text: str, at: int, begins: list[int], room: int) -> int:
    """Where the token after `room` of them begins, or the last word that begins in their latter half."""
    for begin in reversed(begins[max(room // 2, 1) :]):
        if begin > at and (text[begin - 1].isspace() or text[begin].isspace()):
            return begin
    return next((begin for begin in reversed(begins[1:]) if begin > at), at)


class _Packer:
    """Fills chunks unit by unit."""

    def __init__(self, units: list[Unit], measure: TokenMap, room: int, overlap: int) -> None:
        self.units = units
        self.measure = measure
        self.room = room
        self.overlap = overlap

    def pack(self) -> list[Span]:
        """Each chunk's span; `bounds` hold the first unit (overlap included) and the one after the last."""
        bounds: list[tuple[int, int]] = []
        at = 0
        while at < len(self.units):
            first = self._overlapping(bounds[-1][0] + 1 if bounds else at, at)
            after = self._filled(first, at)
            bounds.append((first, after))
            at = after
        if len(bounds) > 1:
            self._even_out(bounds)
        return [(self.units[first].start, self.units[after - 1].end) for first, after in bounds]

    def _cost(self, first: int, after: int) -> int:
        return self.measure.cost(self.units[first].start, self.units[after - 1].end)

    def _block_end(self, number: int) -> int:
        block = self.units[number].block
        while number < len(self.units) and self.units[number].block == block:
            number += 1
        return number

    def _overlapping(self, earliest: int, at: int) -> int:
        """The first unit of the chunk that goes on with unit `at`: as much overlap as may be and fits."""
        first = at
        while (
            first > earliest
            and self.units[first - 1].repeatable
            and self._cost(first - 1, at) <= self.overlap
        ):
            first -= 1
        whole = self._block_end(at)
        after = whole if self._cost(at, whole) <= self.room else at + 1
        while first < at and self._cost(first, after) > self.room:
            first += 1
        return first

    def _filled(self, first: int, at: int) -> int:
        """The unit after the last that fits; not in the middle of a block that the next chunk can hold whole."""
        after = at + 1
        while after < len(self.units) and self._cost(first, after + 1) <= self.room:
            after += 1
        if after == len(self.units):
            return after
        begin = after
        while begin > at and self.units[begin - 1].block == self.units[after].block:
            begin -= 1
        if (
            at < begin < after
            and self._cost(begin, self._block_end(begin)) <= self.room
            and self._cost(first, begin) >= self.room * FULL_ENOUGH
        ):
            after = begin
        while after > at + 1 and self.units[after - 1].heading:
            after -= 1
        return after

    def _even_out(self, bounds: list[tuple[int, int]]) -> None:
        """Share the last two chunks' units evenly where the last one came out short."""
        (first, middle), (_, end) = bounds[-2:]
        if self._cost(middle, end) >= self.room * TOO_SHORT:
            return
        earliest = bounds[-3][1] + 1 if len(bounds) > 2 else first + 1
        best = min(range(min(earliest, middle), middle + 1), key=lambda at: self._unevenness(first, at, end))
        bounds[-2:] = [(first, best), (self._overlapping(first + 1, best), end)]

    def _unevenness(self, first: int, at: int, end: int) -> float:
        """How much the longer side has over the shorter; a cut inside a block counts as some more."""
        inside = self.units[at - 1].block == self.units[at].block
        headed = self.units[at - 1].heading
        gap = abs(self._cost(first, at) - self._cost(at, end))
        return gap + self.room / 8 * inside + self.room * headed
