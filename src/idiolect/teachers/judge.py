"""The LLM that judges: verdicts on queries and chunks, cached and capped as the teacher's answers are."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from idiolect.config import Generate
from idiolect.errors import TeacherError
from idiolect.progress import Progress
from idiolect.teachers import cache
from idiolect.teachers.asking import Asker
from idiolect.teachers.budget import Budget, OverBudgetError
from idiolect.teachers.client import CallFailedError, ChatClient
from idiolect.teachers.endpoint import of_judge
from idiolect.teachers.gate import Gate
from idiolect.teachers.protocol import UnusableAnswerError
from idiolect.teachers.retry import Backoff
from idiolect.teachers.verdicts import JUDGE_FORMAT, Question, Verdict, read_verdicts

Verdicts = dict[tuple[str, str], Verdict]
"""(query id, chunk id) → what the judge says of the two."""

_TOKENS_A_VERDICT = 80
"""Of an answer, for reserving; the longest answer so far takes its place where it is longer."""
_HOPELESS = 20
"""Requests in a row without a usable answer after which the run ends."""
_BETWEEN_STARTS = 0.005
"""Seconds from one worker's start to the next: small servers drop connections that all come at once."""


class Judge:
    """Judges in rounds; `calls` and `tokens` are what all of them together may cost.

    Counts what came of it: `counts` has "calls", "cached", "prompt_tokens", "completion_tokens",
    "malformed" (verdicts), "unasked" and "failed" (requests).
    """

    def __init__(
        self, settings: Generate, cache_path: Path, calls: int, tokens: int, backoff: Backoff | None = None
    ) -> None:
        self.endpoint = of_judge(settings)
        self.workers = settings.concurrency
        self.cache_path, self.calls, self.tokens = cache_path, calls, tokens
        self.backoff = backoff or Backoff()
        self.counts: Counter[str] = Counter()

    def ask(self, questions: Sequence[Question], progress: Progress, task: str) -> Verdicts:
        """Verdicts on the queries of each question, but for those that no usable answer was had on.

        Blocks; not for use inside a running event loop.  Raises TeacherError where the endpoint
        cannot be used, or gave no usable answer to most questions.
        """
        if not questions:
            return {}
        with cache.opened(self.cache_path) as answers:
            return asyncio.run(self._ask(questions, answers, progress, task))

    async def _ask(
        self, questions: Sequence[Question], answers: cache.AnswerCache, progress: Progress, task: str
    ) -> Verdicts:
        # a budget belongs to one event loop: each round has its own, of what is left
        spent = self.counts["prompt_tokens"] + self.counts["completion_tokens"]
        budget = Budget(max(self.calls - self.counts["calls"], 0), max(self.tokens - spent, 0))
        async with ChatClient(self.endpoint) as client:
            asker = Asker(client, answers, budget, Gate(self.workers), self.backoff)
            judging = _Round(asker, progress)
            try:
                await judging.run(questions, self.workers, task)
            finally:
                self.counts.update(judging.counts)
                self.counts.update(
                    calls=budget.calls,
                    cached=asker.from_cache,
                    prompt_tokens=budget.prompt_tokens,
                    completion_tokens=budget.completion_tokens,
                )
            judging.check()
        return judging.verdicts


class _Round:
    """Workers take the questions in order; here stands what came of each."""

    def __init__(self, asker: Asker, progress: Progress) -> None:
        self.asker, self.progress = asker, progress
        self.verdicts: Verdicts = {}
        self.counts: Counter[str] = Counter()
        self.last_failure = ""
        self._in_a_row = 0

    async def run(self, questions: Sequence[Question], workers: int, task: str) -> None:
        self.progress.start(task, len(questions), "requests")
        queue = iter(questions)
        running: list[asyncio.Task[None]] = []
        try:
            # one by one until the endpoint has answered: a wrong key or address costs one call
            while not self.asker.answered and (question := next(queue, None)):
                await self._take(question)
            running += [
                asyncio.create_task(self._work(queue, number * _BETWEEN_STARTS))
                for number in range(min(workers, len(questions)))
            ]
            await asyncio.gather(*running)
        finally:
            for worker in running:
                worker.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self.progress.finish()

    async def _work(self, queue: Iterator[Question], delay: float) -> None:
        await asyncio.sleep(delay)
        for question in queue:
            await self._take(question)

    async def _take(self, question: Question) -> None:
        try:
            verdicts, malformed = await self._judge(question)
        except OverBudgetError:
            self.counts["unasked"] += 1  # later ones may still be cached
            return
        except (CallFailedError, UnusableAnswerError) as failure:
            self.counts["failed"] += 1
            self.last_failure = str(failure)
            self._in_a_row += 1
            if self._in_a_row >= _HOPELESS:
                raise self._hopeless(f"{self._in_a_row} requests in a row got no usable verdicts") from None
        else:
            self._in_a_row = 0
            self.counts["answered"] += 1
            self.counts["malformed"] += malformed
            self.verdicts |= {(query, question.chunk.id): verdict for query, verdict in verdicts.items()}
        budget = self.asker.budget
        self.progress.advance(detail=f"{budget.calls:,} calls, {budget.tokens:,} tokens")

    async def _judge(self, question: Question) -> tuple[dict[str, Verdict], int]:
        """A question's verdicts by query id, and how many were malformed; asked once more where unusable."""
        tokens = _TOKENS_A_VERDICT * len(question.queries)
        answer = await self.asker.ask(question.messages(), JUDGE_FORMAT, tokens)
        try:
            return read_verdicts(answer, question.queries)
        except UnusableAnswerError as problem:
            messages = question.again(answer.text, str(problem))
        return read_verdicts(await self.asker.ask(messages, JUDGE_FORMAT, tokens), question.queries)

    def check(self) -> None:
        """Raise TeacherError where too little came back to go by."""
        failed, answered = self.counts["failed"], self.counts["answered"]
        if failed > answered:
            raise self._hopeless(f"{failed:,} of {failed + answered:,} requests got no usable verdicts")

    def _hopeless(self, what: str) -> TeacherError:
        return TeacherError(
            f"{what} from the judge {self.asker.client.model!r} at {self.asker.client.url}; the last time: "
            f"{self.last_failure}; name another with generate.judge_model, or look at the server's log"
        )
