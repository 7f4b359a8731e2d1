"""How many calls may be in flight: as many as are wanted, or as the endpoint takes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

_HOLD = 2
"""Rounds of calls at a known ceiling before one more is tried: what a refusal costs must stay rare."""
_FASTER = 8
"""Each try beyond the ceiling that is taken makes the next so many times larger."""


@dataclass(frozen=True)
class Slot:
    """One call in flight: the `number`-th of all, sent when `level` were in flight, itself included."""

    number: int
    level: int


class Gate:
    """`async with gate.slot() as slot:` holds one of at most `limit` slots; its outcome moves `limit`.

    A refusal beyond what was ever taken at once says exactly where the ceiling is. One below it says
    that the endpoint takes fewer than before, or was slow to free a slot: `limit` gives way a little,
    twice as much each time that this does not help, and comes back in halves. At the ceiling one more
    is tried now and then, and many more soon where that is taken. (After BIC's binary search increase,
    Xu, Harfoush, Rhee, "Binary Increase Congestion Control", 2004.)
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = most
        self.in_flight = 0
        self._ceiling = most
        self._proven = 0
        """The most in flight at once of which none was refused."""
        self._sent = 0
        self._fell_at = 0
        self._fall = self._rise = 1
        self._round_from, self._rounds = 0, 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        async with self._changed:
            await self._changed.wait_for(lambda: self.in_flight < self.limit)
            self.in_flight += 1
            self._sent += 1
            slot = Slot(self._sent, self.in_flight)
        try:
            yield slot
        finally:
            self.in_flight -= 1
            async with self._changed:
                self._changed.notify(max(self.limit - self.in_flight, 1))

    def answered(self, slot: Slot) -> None:
        """The call was taken."""
        if slot.number <= self._fell_at:
            return  # what was in flight before a fall says nothing about now
        self._proven = max(self._proven, slot.level)
        if self.limit == self.most or slot.number <= self._round_from or slot.level < self.limit:
            return
        self._fall = 1
        self._round_from = self._sent
        self._rounds += 1
        if self.limit < self._ceiling:
            self._raise_to(self.limit + (self._ceiling - self.limit + 1) // 2)
        elif self._rise > 1 or self._rounds >= _HOLD:
            self._raise_to(self.limit + self._rise)
            self._ceiling = self.limit
            self._rise *= _FASTER

    def refused(self, slot: Slot) -> None:
        """The call was one too many."""
        self._rise, self._rounds, self._round_from = 1, 0, self._sent
        if slot.number <= self._fell_at:  # sent with the one that told: each was one too many
            self.limit = max(self.limit - 1, 1)
            self._ceiling = max(self._ceiling - 1, self.limit)
        elif slot.level > self._proven:
            self.limit = self._ceiling = max(min(self.limit, slot.level - 1), 1)
        else:
            self._ceiling = max(self.limit - 1, 1)
            self.limit = max(self.limit - min(self._fall, max(self.limit // 4, 1)), 1)
            self._fall *= 2
            self._fell_at = self._sent
        self._proven = min(self._proven, self.limit)

    def _raise_to(self, limit: int) -> None:
        self.limit = min(limit, self.most)
        self._rounds = 0
