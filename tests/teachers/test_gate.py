"""The gate against endpoints that take a fixed or a changing number of calls at once."""

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from idiolect.teachers.gate import Gate

LATENCY = 0.02
"""Seconds that the simulated endpoint takes for an answer."""


class Simulated(asyncio.SelectorEventLoop):
    """Time passes only where every task waits, and then at once: what comes out is the same on a busy machine."""

    def __init__(self) -> None:
        super().__init__(Skipping(self))
        self.now = 0.0

    def time(self) -> float:
        return self.now


class Skipping(selectors.DefaultSelector):
    def __init__(self, loop: Simulated) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout: float | None = None) -> Any:
        self.loop.now += timeout or 0.0
        return super().select(0)


def run(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Simulated) as runner:
        runner.run(story)


class Endpoint:
    """Takes `limit()` calls at once; counts what it answered and refused."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self.limit = limit
        self.busy = self.most_busy = self.answered = self.refused = 0

    async def call(self) -> bool:
        await asyncio.sleep(0)
        if self.busy >= self.limit():
            self.refused += 1
            return False
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(LATENCY)
        self.busy -= 1
        self.answered += 1
        return True


async def ask(gate: Gate, endpoint: Endpoint, calls: int) -> None:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            while not await once(gate, endpoint):
                await asyncio.sleep(LATENCY)

    await asyncio.gather(*(work() for _ in range(gate.most)))


async def once(gate: Gate, endpoint: Endpoint) -> bool:
    async with gate.slot() as slot:
        taken = await endpoint.call()
        (gate.answered if taken else gate.refused)(slot)
    return taken


@pytest.mark.parametrize("limit", [1, 4, 15, 16, 100])
def test_the_limit_of_the_endpoint_is_found_and_kept(limit: int) -> None:
    gate, endpoint = Gate(16), Endpoint(lambda: limit)
    run(ask(gate, endpoint, 40 * limit if limit < 16 else 400))
    assert endpoint.most_busy == min(limit, 16)
    # at the start all that are too many, later one a few rounds
    assert endpoint.refused <= max(16 - limit, 0) + 12
    assert abs(gate.limit - min(limit, 16)) <= 4


def test_never_more_are_in_flight_than_wanted() -> None:
    gate, endpoint = Gate(5), Endpoint(lambda: 100)
    run(ask(gate, endpoint, 50))
    assert endpoint.most_busy == 5


def test_a_limit_that_rises_is_followed_within_a_dozen_rounds() -> None:
    gate = Gate(64)
    endpoint = Endpoint(lambda: 8 if endpoint.answered < 80 else 64)
    run(ask(gate, endpoint, 80 + 64 * 12))
    assert endpoint.most_busy == 64
    assert gate.limit == 64


def test_a_limit_that_falls_costs_fewer_refusals_than_the_slots_it_lost() -> None:
    gate = Gate(64)
    endpoint = Endpoint(lambda: 64 if endpoint.answered < 200 else 8)
    run(ask(gate, endpoint, 400))
    assert gate.limit <= 12
    assert endpoint.refused <= 56 + 12


def test_one_refusal_below_what_was_taken_takes_one_slot() -> None:
    """A server that frees its slot only after the answer is sent refuses a quick client now and then."""

    async def story() -> list[int]:
        gate, limits = Gate(32), []
        for refusal in (False, True, False, False, False, False, False):
            slots = [await stack.enter_async_context(gate.slot()) for stack in stacks(gate.limit)]
            for slot in slots[1:]:
                gate.answered(slot)
            (gate.refused if refusal else gate.answered)(slots[0])
            limits.append(gate.limit)
            await leave()
        return limits

    open_stacks: list[contextlib.AsyncExitStack] = []

    def stacks(count: int) -> list[contextlib.AsyncExitStack]:
        open_stacks[:] = [contextlib.AsyncExitStack() for _ in range(count)]
        return open_stacks

    async def leave() -> None:
        for stack in open_stacks:
            await stack.aclose()

    limits = asyncio.run(story())
    assert min(limits) == 31
    assert limits[-1] == 32


def test_a_caller_that_is_cancelled_leaves_its_slot_to_the_next() -> None:
    async def story() -> None:
        gate = Gate(1)

        async def hold() -> None:
            async with gate.slot():
                await asyncio.sleep(60)

        first = asyncio.create_task(hold())
        await asyncio.sleep(0)
        second = asyncio.create_task(hold())
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        async with asyncio.timeout(1), gate.slot() as slot:
            assert slot.level == 1

    asyncio.run(story())
