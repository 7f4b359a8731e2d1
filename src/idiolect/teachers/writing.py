"""One run over the chunks: who asks about which, what came back, and when to stop."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import length_hint
from typing import Any

from idiolect.config import Generate
from idiolect.errors import TeacherError
from idiolect.progress import Progress
from idiolect.records import Chunk
from idiolect.teachers.asking import Asker
from idiolect.teachers.budget import OverBudgetError
from idiolect.teachers.client import CallFailedError
from idiolect.teachers.prompt import load_prompt
from idiolect.teachers.protocol import QUERIES_FORMAT, UnusableAnswerError, WrittenQuery, read_queries

_TOKENS_A_QUERY = 100
"""Of an answer, for reserving; the longest answer so far takes its place where it is longer."""
_HOPELESS = 20
"""Chunks in a row without a usable answer after which the rest is not asked."""
_HOPELESS_UNKNOWN = 3
"""The same while the endpoint has not answered one call."""
_BETWEEN_STARTS = 0.005
"""Seconds from one worker's start to the next: small servers drop connections that all come at once."""


class Writing:
    """Workers take the chunks in order; here stands what came of each."""

    def __init__(self, settings: Generate, asker: Asker, progress: Progress) -> None:
        self.asker, self.progress = asker, progress
        self.workers = settings.concurrency
        self.answer_tokens = settings.per_chunk * _TOKENS_A_QUERY
        self.prompt = load_prompt(settings.per_chunk)
        self.written: dict[str, list[WrittenQuery]] = {}
        self.failures: Counter[str] = Counter()
        self.last_failure = ""
        self.malformed = 0
        self.unasked = 0
        self._in_a_row = 0

    async def run(self, chunks: Sequence[Chunk]) -> None:
        """Ask about every chunk that the caps allow for; an exception ends all calls in flight."""
        planned = self._planned(chunks)
        self.unasked = len(chunks) - len(planned)
        self.progress.start("asking the teacher", len(planned), "chunks")
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
            self.progress.finish()

    def _planned(self, chunks: Iterable[Chunk]) -> list[Chunk]:
        """The chunks whose answer is cached, and as many others as there are calls."""
        left = self.asker.budget.max_calls
        planned = []
        for chunk in chunks:
            if not self.asker.is_cached(self.prompt.messages(chunk)):
                left -= 1
                if left < 0:
                    continue
            planned.append(chunk)
        return planned

    async def _first_contact(self, queue: Iterator[Chunk]) -> None:
        """One chunk after the other until the endpoint has answered: a wrong key or address costs one
        call, and what the endpoint does not know is found out once."""
        while not self.asker.answered:
            chunk = next(queue, None)
            if chunk is None:
                return
            await self._take(chunk)

    async def _work(self, queue: Iterator[Chunk], delay: float) -> None:
        await asyncio.sleep(delay)
        for chunk in queue:
            await self._take(chunk)

    async def _take(self, chunk: Chunk) -> None:
        try:
            self.written[chunk.id], malformed = await self._ask(chunk)
        except OverBudgetError:
            self.unasked += 1  # later chunks may still be cached
            return
        except (CallFailedError, UnusableAnswerError) as failure:
            self._failed(failure)
        else:
            self.malformed += malformed
            self._in_a_row = 0
        budget = self.asker.budget
        spent = f"{budget.calls:,} calls, {budget.tokens:,} tokens"
        self.progress.advance(detail=f"{spent}, {budget.calls_left:,} calls left")

    async def _ask(self, chunk: Chunk) -> tuple[list[WrittenQuery], int]:
        """A chunk's queries and how many items were malformed; an unusable answer is asked for once more."""
        messages = self.prompt.messages(chunk)
        answer = await self.asker.ask(messages, QUERIES_FORMAT, self.answer_tokens)
        try:
            return read_queries(answer)
        except UnusableAnswerError as problem:
            messages = self.prompt.again(messages, answer.text, str(problem))
        return read_queries(await self.asker.ask(messages, QUERIES_FORMAT, self.answer_tokens))

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
            "malformed": self.malformed,
            "calls": budget.calls,
            "cached": self.asker.from_cache,
            "prompt_tokens": budget.prompt_tokens,
            "completion_tokens": budget.completion_tokens,
            "json_schema": self.asker.client.structured,
        }
