"""Hard caps on calls and tokens: what is in flight is reserved, what came back is booked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from idiolect.teachers.spending import Spending, Spent


class OverBudgetError(Exception):
    """Nothing further may be asked."""


@dataclass
class Call:
    """One call in flight; whoever makes it says here what it cost."""

    taken: bool = True
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Budget:
    """`calls` never passes `max_calls`; tokens pass `max_tokens` only where an estimate was too low.

    With an `account` it begins with what earlier attempts at the same run have spent, leaves room for
    what the run has spent on other purposes, and writes each call down before it is made, so that
    one that a kill cut short counts as well.
    """

    def __init__(self, max_calls: int, max_tokens: int, account: Spending | None = None) -> None:
        self.max_calls, self.max_tokens = max_calls, max_tokens
        self.account = account
        self.calls = self.prompt_tokens = self.completion_tokens = 0
        if account:
            self.calls, self.prompt_tokens, self.completion_tokens = account.so_far()
        self.elsewhere = account.elsewhere() if account else Spent()
        self.largest_answer = 0
        self.over = False
        self._calls_out = self._tokens_out = 0
        self._settled = asyncio.Condition()

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def calls_left(self) -> int:
        return max(self.max_calls - self.elsewhere.calls - self.calls, 0)

    @property
    def tokens_left(self) -> int:
        return max(self.max_tokens - self.elsewhere.tokens - self.tokens, 0)

    @contextlib.asynccontextmanager
    async def call(self, tokens: int) -> AsyncIterator[Call]:
        """Room for one call of about `tokens` tokens; booked at the end as its Call says.

        Waits while only calls in flight stand in the way. Raises OverBudgetError where the caps do,
        and from then on always, so that no smaller call slips in later.
        """
        async with self._settled:
            await self._settled.wait_for(lambda: self.over or self._fits(tokens) or not self._calls_out)
            if self.over or not self._fits(tokens):
                self.over = True
                self._settled.notify_all()
                raise OverBudgetError
            self._calls_out += 1
            self._tokens_out += tokens
        call = Call()
        try:
            if self.account:
                self.account.book(calls=1)
            yield call
        finally:
            self._calls_out -= 1
            self._tokens_out -= tokens
            self.calls += call.taken
            self.prompt_tokens += call.prompt_tokens
            self.completion_tokens += call.completion_tokens
            self.largest_answer = max(self.largest_answer, call.completion_tokens)
            if self.account:
                self.account.book(call.taken - 1, call.prompt_tokens, call.completion_tokens)
            async with self._settled:
                self._settled.notify_all()

    def _fits(self, tokens: int) -> bool:
        return self._calls_out < self.calls_left and self._tokens_out + tokens <= self.tokens_left
