"""Work in processes of its own: one that hangs, crashes or eats memory costs its own task and nothing else."""

import concurrent.futures
import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

Task = TypeVar("Task")
Result = TypeVar("Result")

_IN_FLIGHT = 8  # tasks a worker that are handed out ahead, so that a slow one holds nobody up
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True)
class Failure:
    """Why a task has no result: "too slow: …", "too much memory: …" or "corrupt: …"."""

    reason: str


@dataclass(frozen=True)
class Pool(Generic[Task, Result]):
    """Runs `function` on tasks in `workers` processes, each of at most `memory_mb` MB beyond its start.

    `function` and `setup` are importable, and all that they take and give can be pickled.
    `seconds` is how long a task may take; `setup(*given)` runs once in each process.
    `smaller` gives the tasks that one without a result is tried again as, none where it cannot be divided.
    """

    function: Callable[[Task], Result]
    seconds: Callable[[Task], float]
    workers: int
    memory_mb: int
    setup: Callable[..., None]
    given: Sequence[Any] = ()
    smaller: Callable[[Task], Sequence[Task]] = lambda task: ()

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Failure]]:
        """Each task with its result, in the order of the tasks; smaller ones stand where theirs stood."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([self.function.__module__])
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(_ONE_THREAD)  # inherited: libraries read it when they are loaded
        pool = ProcessPool(
            self.workers,
            initializer=_limited,
            initargs=(self.memory_mb, self.setup, self.given),
            context=context,
        )
        try:
            waiting: deque[tuple[Task, Any]] = deque()
            for task in tasks:
                waiting.append(self._handed(task, pool))
                if len(waiting) >= self.workers * _IN_FLIGHT:
                    yield from self._first(waiting, pool)
            while waiting:
                yield from self._first(waiting, pool)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            pool.stop()
            pool.join()

    def _handed(self, task: Task, pool: ProcessPool) -> tuple[Task, Any]:
        return task, pool.schedule(self.function, (task,), timeout=self.seconds(task))

    def _first(
        self, waiting: deque[tuple[Task, Any]], pool: ProcessPool
    ) -> Iterator[tuple[Task, Result | Failure]]:
        """The result of the first that waits; nothing where smaller ones take its place."""
        task, future = waiting.popleft()
        result = self._result(task, future)
        again = self.smaller(task) if isinstance(result, Failure) else ()
        if again:
            waiting.extendleft(self._handed(one, pool) for one in reversed(again))
        else:
            yield task, result

    def _result(self, task: Task, future: Any) -> Result | Failure:
        try:
            result: Result = future.result()
            return result
        except concurrent.futures.TimeoutError:
            return Failure(f"too slow: reading it took more than {self.seconds(task):g} s")
        except MemoryError:
            return Failure(f"too much memory: reading it took more than {self.memory_mb:,} MB")
        except ProcessExpired as error:
            return Failure(f"corrupt: its reader crashed (exit code {error.exitcode})")


def _limited(memory_mb: int, setup: Callable[..., None], given: Sequence[Any]) -> None:
    setup(*given)
    with contextlib.suppress(ImportError, OSError, ValueError):  # systems without such limits or /proc
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
