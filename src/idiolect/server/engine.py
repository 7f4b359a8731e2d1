"""One thread a model: what all waiting requests ask for, computed in batches, each text once."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import numpy as np

from idiolect.runtimes.base import Runtime, TokenIds, Vectors
from idiolect.server.cache import VectorCache
from idiolect.server.lanes import Job, Lanes, Text, lane_of


class QueueFullError(Exception):
    """More tokens wait than the queue may hold; `retry_after` is an estimate in seconds."""

    def __init__(self, waiting: int, retry_after: float) -> None:
        super().__init__(f"{waiting:,} tokens are waiting")
        self.waiting = waiting
        self.retry_after = retry_after


class StoppedError(Exception):
    """The engine takes no more work."""


class Watch:
    """Is told what an engine does; this one does not care."""

    def computed(self, texts: int, tokens: int, padded: int, seconds: float) -> None:
        """After each forward pass; `padded` counts the tokens that were multiplied, padding included."""

    def waited(self, seconds: float) -> None:
        """When a request is done, since it came."""

    def spared(self, cached: int, joined: int) -> None:
        """Texts of a request that the cache had, or that were in flight already."""


class Engine:
    """Takes requests from any thread, computes them in its own.

    A pass begins as soon as one is done and something waits: nothing waits for a timer, and what comes
    during a pass is batched for the next, in the order of `Lanes`.
    """

    def __init__(
        self,
        runtime: Runtime,
        max_batch_tokens: int,
        max_queue_tokens: int,
        cache_bytes: int = 0,
        watch: Watch | None = None,
    ) -> None:
        """With 0 for `max_batch_tokens`, passes are half as large as the runtime's for a corpus: hardly slower, and
        what comes meanwhile waits half as long.
        """
        self.runtime = runtime
        self.budget = min(max_batch_tokens or runtime.max_batch_tokens // 2, runtime.max_batch_tokens)
        self.max_queue_tokens = max_queue_tokens
        self.waiting = 0
        self.announced = 0
        self.cache = VectorCache(cache_bytes)
        self._watch = watch or Watch()
        self._lanes = Lanes(runtime.row_tokens)
        self._flying: dict[bytes, Text] = {}
        self._rate = 5_000.0  # tokens a second, a running mean
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="idiolect-engine", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def announce(self, tokens: int) -> Iterator[None]:
        """Holds room for a request of about so many tokens while it is tokenised. Raises QueueFullError."""
        with self._changed:
            if self.waiting or self.announced:
                self._check_room(self.announced + tokens)
            self.announced += tokens
        try:
            yield
        finally:
            with self._changed:
                self.announced -= tokens

    def submit(self, tokens: Sequence[TokenIds]) -> "Future[Vectors]":
        """A future of the vectors [texts, dimension], in the order of `tokens`.

        What the cache holds or another request waits for costs no room in the queue.  Raises QueueFullError
        where it has none for the rest (an empty one has for any request), StoppedError after `stop`.
        """
        vectors = np.empty((len(tokens), self.runtime.files.dimension), dtype=np.float32)
        job = Job(vectors, lane_of(sum(map(len, tokens))))
        with self._changed:
            if self._stopping:
                raise StoppedError
            awaited, fresh, cached = self._match(tokens, vectors)
            count = sum(len(text.tokens) for text in fresh.values())
            if count and self.waiting:
                self._check_room(count)
            self.waiting += count
            self._flying |= fresh
            for text, row in awaited:
                text.rows.append((job, row))
            job.missing = len(awaited)
            if pending := [text for text in dict.fromkeys(text for text, _ in awaited) if not text.taken]:
                self._lanes.add(job, pending)
                self._changed.notify()
        self._watch.spared(cached, len(awaited) - len(fresh))
        if not awaited:
            job.future.set_result(vectors)
        return job.future

    def _check_room(self, tokens: int) -> None:
        """The caller holds the lock."""
        if self.waiting + tokens > self.max_queue_tokens:
            raise QueueFullError(self.waiting, self.waiting / self._rate)

    def stop(self) -> None:
        """Finish what waits, take nothing more, return when the thread has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _match(
        self, tokens: Sequence[TokenIds], vectors: Vectors
    ) -> tuple[list[tuple[Text, int]], dict[bytes, Text], int]:
        """Each row's text, new or in flight; the new ones by their key; how many rows the cache filled."""
        awaited: list[tuple[Text, int]] = []
        fresh: dict[bytes, Text] = {}
        cached = 0
        for row, ids in enumerate(tokens):
            key = ids.tobytes()
            vector = self.cache.get(key)
            if vector is not None:
                vectors[row] = vector
                cached += 1
                continue
            text = self._flying.get(key) or fresh.get(key)
            if text is None:
                text = fresh[key] = Text(key, ids)
            awaited.append((text, row))
        return awaited, fresh, cached

    def _run(self) -> None:
        while texts := self._next():
            self._compute(texts)

    def _next(self) -> list[Text]:
        """The texts of the next forward pass; none once the engine is stopped and idle."""
        with self._changed:
            while True:
                texts = self._lanes.take(self.budget)
                if texts or self._stopping:
                    return texts
                self._changed.wait()

    def _compute(self, texts: list[Text]) -> None:
        lengths = [len(text.tokens) for text in texts]
        began = time.monotonic()
        try:
            vectors = self.runtime.encode_tokens([text.tokens for text in texts])
            if not np.isfinite(vectors).all():
                raise ArithmeticError("the model gave vectors that are no numbers")
        except Exception as error:
            self._fail(texts, error)
            return
        seconds = time.monotonic() - began
        with self._changed:
            self._rate += 0.2 * (sum(lengths) / max(seconds, 1e-6) - self._rate)
            for text, vector in zip(texts, vectors, strict=True):
                self._land(text)
                self.cache.put(text.key, vector)
        self._watch.computed(len(texts), sum(lengths), self.runtime.multiplied(lengths), seconds)
        for text, vector in zip(texts, vectors, strict=True):
            for job, row in text.rows:
                self._fill(job, row, vector)

    def _fill(self, job: Job, row: int, vector: Vectors) -> None:
        job.vectors[row] = vector
        job.missing -= 1
        if not job.missing and job.future.set_running_or_notify_cancel():
            job.future.set_result(job.vectors)
            self._watch.waited(time.monotonic() - job.since)

    def _fail(self, texts: list[Text], error: Exception) -> None:
        """Fail every request that waits for one of `texts`, and leave out what only those wait for."""
        with self._changed:
            jobs = dict.fromkeys(job for text in texts for job, _ in text.rows)
            for job in jobs:
                if not job.future.done() and job.future.set_running_or_notify_cancel():
                    job.future.set_exception(error)
            for text in (*texts, *(text for job in jobs for text in self._lanes.drop(job))):
                self._land(text)

    def _land(self, text: Text) -> None:
        self.waiting -= len(text.tokens)
        del self._flying[text.key]
