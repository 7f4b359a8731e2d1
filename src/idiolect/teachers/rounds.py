"""Requests of one kind to one endpoint: asked in rounds by several workers, within the caps of the whole run."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from idiolect.config import Generate
from idiolect.errors import TeacherError
from idiolect.progress import Progress
from idiolect.teachers import cache
from idiolect.teachers.asking import Asker
from idiolect.teachers.budget import Budget, OverBudgetError
from idiolect.teachers.cache import Shown
from idiolect.teachers.client import CallFailedError, ChatClient
from idiolect.teachers.endpoint import Endpoint
from idiolect.teachers.gate import Gate
from idiolect.teachers.messages import again
from idiolect.teachers.protocol import Answer, Message, UnusableAnswerError
from idiolect.teachers.retry import Backoff
from idiolect.teachers.spending import Spending
from idiolect.teachers.tally import Priced, no_price, tally

_HOPELESS = 20
"""Requests in a row without a usable answer after which no more are made."""
_BETWEEN_STARTS = 0.005
"""Seconds from one worker's start to the next: small servers drop connections that all come at once."""

T = TypeVar("T")


class Request(Protocol[T]):
    """What is asked about some queries."""

    @property
    def response_format(self) -> dict[str, Any]: ...

    @property
    def answer_tokens(self) -> int:
        """Of an answer, for reserving; the longest answer so far takes its place where it is longer."""

    def messages(self) -> list[Message]: ...

    @property
    def shown(self) -> Sequence[Shown]:
        """What the messages hold."""

    def read(self, answer: Answer) -> tuple[dict[str, T], int]:
        """Query id → its item, and how many were malformed. Raises UnusableAnswerError where none is usable."""


class Rounds(Generic[T]):
    """Asks `endpoint`; what it costs is booked to the account `purpose` until that is settled.

    `counts` has "calls", "prompt_tokens" and "completion_tokens" of the account, and of this object
    "cached", "answered", "failed" and "unasked" requests and "malformed" items.  `trouble` says what
    went wrong where most of a round's answers, or many in a row, were of no use; else it is empty.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        who: str,
        settings: Generate,
        cache_path: Path,
        purpose: str,
        backoff: Backoff | None = None,
        priced: Priced = no_price,
    ) -> None:
        self.endpoint, self.who, self.settings = endpoint, who, settings
        self.cache_path, self.purpose = cache_path, purpose
        self.backoff = backoff or Backoff()
        self.priced = priced
        self.counts: Counter[str] = Counter()
        self.trouble = ""

    def ask(self, requests: Sequence[Request[T]], progress: Progress, task: str) -> list[dict[str, T]]:
        """What was answered to each request, by query id; nothing where no usable answer was had.

        Blocks; not for use inside a running event loop.  Raises TeacherError where the endpoint
        cannot be used, or has gone.
        """
        if not requests:
            return []
        with cache.opened(self.cache_path) as answers:
            return asyncio.run(self._ask(requests, answers, progress, task))

    async def _ask(
        self, requests: Sequence[Request[T]], answers: cache.AnswerCache, progress: Progress, task: str
    ) -> list[dict[str, T]]:
        # a budget belongs to one event loop: each round has its own, which begins with what others spent
        account = Spending(answers.connection, self.purpose)
        budget = Budget(self.settings.max_calls, self.settings.max_tokens, account)
        async with ChatClient(self.endpoint) as client:
            asker = Asker(client, answers, budget, Gate(self.settings.concurrency), self.backoff)
            asked = _Round[T](asker, self.who, progress, self.priced)
            try:
                await asked.run(requests, self.settings.concurrency, task)
            finally:
                self.counts.update(asked.counts, cached=asker.from_cache)
                self.counts["calls"] = budget.calls
                self.counts["prompt_tokens"] = budget.prompt_tokens
                self.counts["completion_tokens"] = budget.completion_tokens
        self.trouble = asked.trouble
        return [asked.answers.get(place, {}) for place in range(len(requests))]


class _Round(Generic[T]):
    """Workers take the requests in order; here stands what came of each, by its place."""

    def __init__(self, asker: Asker, who: str, progress: Progress, priced: Priced) -> None:
        self.asker, self.who, self.progress, self.priced = asker, who, progress, priced
        self.answers: dict[int, dict[str, T]] = {}
        self.counts: Counter[str] = Counter()
        self.trouble = ""
        self._last_failure: Exception | None = None
        self._in_a_row = 0

    async def run(self, requests: Sequence[Request[T]], workers: int, task: str) -> None:
        self.progress.start(task, len(requests), "requests")
        queue = iter(enumerate(requests))
        running: list[asyncio.Task[None]] = []
        try:
            # one by one until the endpoint has answered: a wrong key or address costs one call
            while not self.asker.answered and not self.trouble and (given := next(queue, None)):
                await self._take(*given)
            running += [
                asyncio.create_task(self._work(queue, number * _BETWEEN_STARTS))
                for number in range(min(workers, len(requests)))
            ]
            await asyncio.gather(*running)
        finally:
            for worker in running:
                worker.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self.progress.finish()
        failed, answered = self.counts["failed"], self.counts["answered"]
        if failed > answered and not self.trouble:
            self._give_up(f"{failed:,} of {failed + answered:,} requests")

    async def _work(self, queue: Iterator[tuple[int, Request[T]]], delay: float) -> None:
        await asyncio.sleep(delay)
        while not self.trouble and (given := next(queue, None)):
            await self._take(*given)

    async def _take(self, place: int, request: Request[T]) -> None:
        known = self.asker.is_cached(request.messages())
        try:
            self.answers[place], malformed = await self._read(request)
        except OverBudgetError:
            self.counts["unasked"] += 1  # later ones may still be cached
            return
        except (CallFailedError, UnusableAnswerError) as failure:
            self.counts["failed"] += 1
            self._last_failure = failure
            self._in_a_row += 1
            if self._in_a_row >= _HOPELESS and not self.trouble:
                self._give_up(f"{self._in_a_row} requests in a row")
        else:
            self._in_a_row = 0
            self.counts["answered"] += 1
            self.counts["malformed"] += malformed
        line = tally(self.asker.budget, "", self.asker.from_cache, self.priced)
        self.progress.advance(detail=line, free=known)

    async def _read(self, request: Request[T]) -> tuple[dict[str, T], int]:
        """A request's items by query id, and how many were malformed; asked once more where unusable."""
        messages, wanted, tokens = request.messages(), request.response_format, request.answer_tokens
        answer = await self.asker.ask(messages, wanted, tokens, request.shown)
        try:
            return request.read(answer)
        except UnusableAnswerError as problem:
            messages = again(messages, answer.text, str(problem))
        return request.read(await self.asker.ask(messages, wanted, tokens, request.shown))

    def _give_up(self, what: str) -> None:
        """Say what came of too many requests. Raises TeacherError where nobody was there to answer them."""
        client, failure = self.asker.client, self._last_failure
        if isinstance(failure, CallFailedError) and failure.kind != "refused":
            raise TeacherError(
                f"{client.url} no longer answers ({failure}): look at the server's log and run again to go on, "
                f"{self.asker.answered:,} answers of this run are kept"
            )
        self.trouble = (
            f"{what} got no usable answer from {self.who} {client.model!r} at {client.url}; "
            f"the last time: {failure}"
        )
