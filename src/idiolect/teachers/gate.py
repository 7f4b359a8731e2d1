"""How many calls may be in flight: as many as are wanted, or as the endpoint takes."""

import asyncio
from types import TracebackType

_PATIENCE = 4


class Gate:
    """`async with gate:` holds one slot.

    Each refusal for load takes a slot away; slots return slowly, one after `_PATIENCE` answers
    for each slot, so that a full endpoint is probed rather than stormed.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = most
        self.in_flight = 0
        self._answers = 0
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.in_flight < self.limit)
            self.in_flight += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.in_flight -= 1
        async with self._changed:
            self._changed.notify_all()

    def answered(self) -> None:
        """The call that holds a slot was answered."""
        self._answers += 1
        if self.limit < self.most and self._answers >= _PATIENCE * self.limit:
            self.limit += 1
            self._answers = 0

    def refused(self) -> None:
        """The call that holds a slot was one too many."""
        self._answers = 0
        self.limit = max(1, min(self.limit, self.in_flight - 1))
