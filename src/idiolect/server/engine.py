"""One thread a model: texts of all waiting requests, batched by length, no request waiting for a timer."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from idiolect.runtimes.base import Runtime, TokenIds, Vectors
from idiolect.runtimes.tokens import batches

Observe = Callable[[int, int, float], None]
"""Called after each forward pass with its texts, its tokens and its seconds."""


class QueueFullError(Exception):
    """More tokens wait than the queue may hold; `retry_after` is an estimate in seconds."""

    def __init__(self, waiting: int, retry_after: float) -> None:
        super().__init__(f"{waiting:,} tokens are waiting")
        self.waiting = waiting
        self.retry_after = retry_after


class StoppedError(Exception):
    """The engine takes no more work."""


@dataclass(eq=False)
class _Job:
    """One request: its texts in slices of one forward pass at most, and what is done of it."""

    tokens: Sequence[TokenIds]
    slices: deque[list[int]]
    vectors: Vectors
    future: "Future[Vectors]" = field(default_factory=Future)

    @property
    def width(self) -> int:
        return len(self.tokens[self.slices[0][0]])  # slices are sorted, longest first


class Engine:
    """Takes requests from any thread, computes them in its own.

    Each forward pass starts with the request that has waited longest and is filled with slices of
    others that are about as long; a request with several slices then goes behind the others, so
    that a long list does not hold up single queries.
    """

    def __init__(
        self, runtime: Runtime, max_batch_tokens: int, max_queue_tokens: int, observe: Observe | None = None
    ) -> None:
        self.runtime = runtime
        self.budget = min(max_batch_tokens, runtime.max_batch_tokens)
        self.max_queue_tokens = max_queue_tokens
        self.waiting = 0
        self._observe = observe
        self._jobs: deque[_Job] = deque()
        self._rate = 5_000.0  # tokens a second, a running mean
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="idiolect-engine", daemon=True)
        self._thread.start()

    def submit(self, tokens: Sequence[TokenIds]) -> "Future[Vectors]":
        """A future of the vectors [texts, dimension], in the order of `tokens`.

        Raises QueueFullError where the queue has no room for them (an empty one has for any request),
        StoppedError after `stop`.
        """
        count = sum(map(len, tokens))
        slices = deque(batches([len(ids) for ids in tokens], self.budget))
        vectors = np.empty((len(tokens), self.runtime.files.dimension), dtype=np.float32)
        job = _Job(tokens, slices, vectors)
        with self._changed:
            if self._stopping:
                raise StoppedError
            if self.waiting and self.waiting + count > self.max_queue_tokens:
                raise QueueFullError(self.waiting, self.waiting / self._rate)
            self.waiting += count
            self._jobs.append(job)
            self._changed.notify()
        return job.future

    def stop(self) -> None:
        """Finish what waits, take nothing more, return when the thread has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while taken := self._next():
            self._compute(taken)

    def _next(self) -> list[tuple[_Job, list[int]]]:
        """The slices of the next forward pass; none once the engine is stopped and idle."""
        with self._changed:
            while True:
                taken = self._take()
                if taken or self._stopping:
                    return taken
                self._changed.wait()

    def _take(self) -> list[tuple[_Job, list[int]]]:
        taken: list[tuple[_Job, list[int]]] = []
        passed: list[_Job] = []
        again: list[_Job] = []
        width = count = 0
        while self._jobs and width * count < self.budget:
            job = self._jobs.popleft()
            if job.future.cancelled():
                self.waiting -= sum(len(job.tokens[row]) for rows in job.slices for row in rows)
                continue
            widest, total = max(width, job.width), count + len(job.slices[0])
            if taken and (widest * total > self.budget or not _similar(job.width, width)):
                passed.append(job)
                continue
            width, count = widest, total
            taken.append((job, job.slices.popleft()))
            if job.slices:
                again.append(job)
        self._jobs.extendleft(reversed(passed))
        self._jobs.extend(again)
        return taken

    def _compute(self, taken: list[tuple[_Job, list[int]]]) -> None:
        tokens = [job.tokens[row] for job, rows in taken for row in rows]
        count = sum(map(len, tokens))
        began = time.monotonic()
        try:
            vectors = self.runtime.encode_tokens(tokens)
        except Exception as error:
            self._fail([job for job, _ in taken], count, error)
            return
        seconds = time.monotonic() - began
        with self._changed:
            self.waiting -= count
            self._rate += 0.2 * (count / max(seconds, 1e-6) - self._rate)
        if self._observe is not None:
            self._observe(len(tokens), count, seconds)
        start = 0
        for job, rows in taken:
            job.vectors[rows] = vectors[start : start + len(rows)]
            start += len(rows)
            if not job.slices and job.future.set_running_or_notify_cancel():
                job.future.set_result(job.vectors)

    def _fail(self, jobs: list[_Job], count: int, error: Exception) -> None:
        with self._changed:
            self.waiting -= count
            for job in jobs:
                self.waiting -= sum(len(job.tokens[row]) for rows in job.slices for row in rows)
                if job.slices:
                    self._jobs.remove(job)
        for job in jobs:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(error)


def _similar(one: int, other: int) -> bool:
    """Whether padding the shorter to the longer wastes at most half of it, or next to nothing."""
    return max(one, other) <= max(2 * min(one, other), 32)
