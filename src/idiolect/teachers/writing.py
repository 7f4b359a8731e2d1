"""One run over the requests of a plan: who asks what, what came back, and when there is enough."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import length_hint
from typing import Any

from idiolect.config import Generate
from idiolect.errors import TeacherError
from idiolect.progress import Progress
from idiolect.teachers.asking import Asker
from idiolect.teachers.budget import OverBudgetError
from idiolect.teachers.client import CallFailedError
from idiolect.teachers.plan import Ask
from idiolect.teachers.prompt import Prompts
from idiolect.teachers.protocol import UnusableAnswerError, WrittenQuery, read_queries
from idiolect.teachers.tally import Priced, no_price, tally

_TOKENS_A_QUERY = 100
"""Of an answer, for reserving; the longest answer so far takes its place where it is longer."""
_HOPELESS = 20
"""Chunks in a row without a usable answer after which the rest is not asked."""
_HOPELESS_UNKNOWN = 3
"""The same while the endpoint has not answered one call."""
_BETWEEN_STARTS = 0.005
"""Seconds from one worker's start to the next: small servers drop connections that all come at once."""
_THINNEST = 0.1
"""Of the queries asked for, the least that is expected to come when further requests are reckoned."""


class Writing:
    """Workers take the requests in order; here stands what came of each, by its id."""

    def __init__(
        self,
        settings: Generate,
        prompts: Prompts,
        asker: Asker,
        progress: Progress,
        priced: Priced = no_price,
    ) -> None:
        self.prompts, self.asker, self.progress, self.priced = prompts, asker, progress, priced
        self.workers, self.max_queries = settings.concurrency, settings.max_queries
        self.written: dict[str, list[WrittenQuery]] = {}
        self.keys: dict[str, str] = {}
        """Of the requests whose answers stand in `written`, in the cache."""
        self.failures: Counter[str] = Counter()
        self.last_failure = ""
        self.malformed = 0
        self.unasked = self.spared = self.surplus = 0
        self._in_a_row = 0
        self._on_top: set[str] = set()
        self._begun = self._expected = self._queries = 0
        self._cached: set[str] = set()

    @contextlib.contextmanager
    def told(self, asks: Sequence[Ask]) -> Iterator[None]:
        """One task of the progress for all runs within: as many of `asks` as bring `max_queries` queries."""
        targeted = [ask for ask in asks if ask.round]
        usual = [ask for ask in asks if not ask.round]
        enough = usual[: reach(usual, 0, self.max_queries)]
        self._expected = len(self._planned([*targeted, *enough]))
        self.progress.start("asking the teacher", self._expected, "requests")
        try:
            yield
        finally:
            self.progress.finish()

    async def run_on_top(self, asks: Sequence[Ask]) -> None:
        """Make all of these as far as the caps allow; their queries do not count against `max_queries`."""
        self._on_top |= {ask.id for ask in asks}
        if asks:
            await self._round(asks)

    async def run(self, asks: Sequence[Ask], done: int = 0) -> None:
        """Make as many requests as bring `max_queries` queries and the caps allow for; `done` were made before.

        They go out in rounds, the first as if each query asked for came, the others as large as the
        answers so far let one expect: so which are made depends on what was answered, and never on
        how fast.  An exception ends all calls in flight.
        """
        end = reach(asks, 0, self.max_queries)
        while done < end:
            await self._round(asks[done:end])
            done = end
            missing = self.max_queries - self._count()
            if missing > 0:
                asked = sum(ask.count for ask in asks[:done])
                end = reach(asks, done, missing / max(self._count() / asked, _THINNEST))
        self.spared = len(asks) - done

    def _count(self) -> int:
        return sum(len(queries) for ask, queries in self.written.items() if ask not in self._on_top)

    async def _round(self, asks: Sequence[Ask]) -> None:
        planned = self._planned(asks)
        self.unasked += len(asks) - len(planned)
        self._begun += len(planned)
        if self._begun > self._expected:  # the answers have fewer queries than were asked for
            self._expected = self._begun
            self.progress.expect(self._expected)
        queue = iter(planned)
        workers: list[asyncio.Task[None]] = []
        try:
            await self._first_contact(queue)
            workers += [
                asyncio.create_task(self._work(queue, number * _BETWEEN_STARTS))
                for number in range(min(self.workers, length_hint(queue)))
            ]
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _planned(self, asks: Iterable[Ask]) -> list[Ask]:
        """The requests whose answer is cached, and as many others as there are calls."""
        left = self.asker.budget.calls_left
        planned = []
        for ask in asks:
            if self.asker.is_cached(self.prompts.messages(ask)):
                self._cached.add(ask.id)
            else:
                left -= 1
                if left < 0:
                    continue
            planned.append(ask)
        return planned

    def kept(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, list[WrittenQuery]]]:
        """Each answered request of `asks` with its queries, up to `max_queries` of them; the rest is surplus.

        Queries about failures do not count.
        """
        left = self.max_queries
        self.surplus = 0
        for ask in asks:
            queries = self.written.get(ask.id, [])
            taken = queries if ask.round else queries[:left]
            self.surplus += len(queries) - len(taken)
            if taken:
                yield ask, taken
            left -= 0 if ask.round else len(taken)

    async def _first_contact(self, queue: Iterator[Ask]) -> None:
        """One chunk after the other until the endpoint has answered: a wrong key or address costs one
        call, and what the endpoint does not know is found out once."""
        while not self.asker.answered:
            ask = next(queue, None)
            if ask is None:
                return
            await self._take(ask)

    async def _work(self, queue: Iterator[Ask], delay: float) -> None:
        await asyncio.sleep(delay)
        for ask in queue:
            await self._take(ask)

    async def _take(self, ask: Ask) -> None:
        try:
            self.written[ask.id], malformed = await self._ask(ask)
        except OverBudgetError:
            self.unasked += 1  # later chunks may still be cached
            return
        except (CallFailedError, UnusableAnswerError) as failure:
            self._failed(failure)
        else:
            self.malformed += malformed
            self._queries += len(self.written[ask.id])
            self._in_a_row = 0
        got = f"{self._queries:,} queries"
        line = tally(self.asker.budget, got, self.asker.from_cache, self.priced)
        self.progress.advance(detail=line, free=ask.id in self._cached)

    async def _ask(self, ask: Ask) -> tuple[list[WrittenQuery], int]:
        """The queries and how many items were malformed; an unusable answer is asked for once more."""
        messages, wanted = self.prompts.messages(ask), self.prompts.format(ask)
        answer_tokens, shown = ask.count * _TOKENS_A_QUERY, self.prompts.shown(ask)
        self.keys[ask.id] = self.asker.key(messages)
        answer = await self.asker.ask(messages, wanted, answer_tokens, shown)
        try:
            return read_queries(answer)
        except UnusableAnswerError as problem:
            messages = self.prompts.again(messages, answer.text, str(problem))
        self.keys[ask.id] = self.asker.key(messages)
        return read_queries(await self.asker.ask(messages, wanted, answer_tokens, shown))

    def _failed(self, failure: CallFailedError | UnusableAnswerError) -> None:
        self.failures[failure.reason if isinstance(failure, CallFailedError) else str(failure)] += 1
        self.last_failure = str(failure)
        self._in_a_row += 1
        unknown = isinstance(failure, CallFailedError) and not self.asker.answered
        if self._in_a_row >= (_HOPELESS_UNKNOWN if unknown else _HOPELESS):
            raise self._hopeless(f"{self._in_a_row} chunks in a row got no usable answer")

    def check(self) -> None:
        """Raise TeacherError where too little came back for a run to go on."""
        failed, answered = self.failures.total(), len(self.written)
        if failed > answered:
            raise self._hopeless(f"{failed:,} of {failed + answered:,} chunks got no usable answer")
        if self.unasked and not answered:
            raise TeacherError(
                f"generate.max_calls = {self.asker.budget.max_calls:,} and generate.max_tokens = "
                f"{self.asker.budget.max_tokens:,} allow for no call: raise them"
            )

    def notes(self) -> Iterator[str]:
        """What the person who waits should know at the end."""
        client, budget = self.asker.client, self.asker.budget
        if not client.structured:
            yield f"{client.url} takes no JSON schemas: its answers were read as text"
        if self.failures:
            reasons = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(self.failures.items()))
            yield f"{self.failures.total():,} chunks got no usable answer ({reasons})"
        if self.unasked:
            yield (
                f"{self.unasked:,} chunks were not asked about: the caps generate.max_calls = "
                f"{budget.max_calls:,} and generate.max_tokens = {budget.max_tokens:,} are reached"
            )

    def _hopeless(self, what: str) -> TeacherError:
        return TeacherError(
            f"{what} from {self.asker.client.model!r} at {self.asker.client.url}; the last time: "
            f"{self.last_failure}; try another model, or look at the server's log"
        )

    def summary(self) -> dict[str, Any]:
        budget = self.asker.budget
        return {
            "chunks_answered": len(self.written),
            "chunks_empty": sum(not written for written in self.written.values()),
            "chunks_failed": dict(sorted(self.failures.items())),
            "chunks_unasked": self.unasked,
            "chunks_spared": self.spared,
            "surplus": self.surplus,
            "malformed": self.malformed,
            "calls": budget.calls,
            "cached": self.asker.from_cache,
            "prompt_tokens": budget.prompt_tokens,
            "completion_tokens": budget.completion_tokens,
            "json_schema": self.asker.client.structured,
        }


def reach(asks: Sequence[Ask], start: int, queries: float) -> int:
    """The end of the stretch from `start` that asks for `queries` queries, or for all that there are."""
    for end in range(start, len(asks)):
        queries -= asks[end].count
        if queries <= 0:
            return end + 1
    return len(asks)
