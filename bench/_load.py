"""The load generator, a process of its own: python bench/_load.py PLAN.json RESULT.json

Answers are kept as bytes while time is taken, and held against the reference when it is over.
"""

import asyncio
import contextlib
import gc
import itertools
import json
import os
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from _connection import Connection, request
from numpy.typing import NDArray

FARTHEST = 0.1
"""Distance of a right vector from the reference: cosine .995; bfloat16 stays above .999."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` is requests a second whatever comes back; None keeps `concurrency` requests open instead.

    `texts` is a JSON file of strings, `references` are .npy files of arrays [texts, dimension], any of
    which an answer may hold. `patience` is the seconds that a request may take; `until` ends the load
    when that file appears.
    """

    port: int
    path: str
    model: str
    texts: str
    references: list[str]
    cores: list[int]
    seconds: float
    per_request: int = 1
    concurrency: int = 1
    rate: float | None = None
    patience: float = 600.0
    headers: dict[str, str] = {}
    until: str | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`outcomes` counts requests by status, `timeout` or `broken`; `refused` 429s that were tried again.

    `answered` counts the answers to each group of texts, `matching` the right ones by reference.
    `client_cpu` is what this process cost, in cores.
    """

    seconds: float
    outcomes: dict[str, int]
    refused: int
    wrong: int
    matching: list[int]
    answered: list[int]
    p50: float | None
    p95: float | None
    p99: float | None
    client_cpu: float


@dataclass
class Load:
    plan: Plan
    requests: list[bytes]
    outcomes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    refused: int = 0
    over: bool = False

    async def run(self) -> float:
        """Seconds from the first request to the last answer."""
        began = time.perf_counter()
        ending = asyncio.create_task(self._end())
        if self.plan.rate is None:
            numbers = itertools.count()
            await asyncio.gather(*(self._closed(numbers) for _ in range(self.plan.concurrency)))
        else:
            await self._open(self.plan.rate)
        took = time.perf_counter() - began
        ending.cancel()
        return took

    async def _end(self) -> None:
        deadline = time.monotonic() + self.plan.seconds
        while time.monotonic() < deadline and not (self.plan.until and Path(self.plan.until).exists()):
            await asyncio.sleep(0.05)
        self.over = True

    async def _closed(self, numbers: "itertools.count[int]") -> None:
        connection = Connection(self.plan.port)
        while not self.over:
            await self._ask(connection, next(numbers) % len(self.requests), again=True)
        connection.close()

    async def _open(self, rate: float) -> None:
        free: list[Connection] = []
        began, tasks = time.perf_counter(), set()

        async def one(number: int) -> None:
            connection = free.pop() if free else Connection(self.plan.port)
            await self._ask(connection, number % len(self.requests), again=False)
            free.append(connection)

        for number in itertools.count():
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            if self.over:
                break
            task = asyncio.create_task(one(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def _ask(self, connection: Connection, group: int, again: bool) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.plan.patience):
                status, headers, body = await connection.send(self.requests[group])
                while status == 429 and again:
                    self.refused += 1
                    await asyncio.sleep(int(headers.get("retry-after-ms", 1000)) / 1000)
                    status, headers, body = await connection.send(self.requests[group])
        except TimeoutError:
            self.outcomes["timeout"] += 1
            return
        except (OSError, EOFError):
            self.outcomes["broken"] += 1
            return
        self.outcomes[str(status)] += 1
        if status == 200:
            self.latencies.append(time.perf_counter() - began)
            self.answers.append((group, body))


def matched(body: bytes, expected: list[NDArray[np.float32]]) -> int | None:
    """Which of the references all vectors of an answer are; None for none."""
    with contextlib.suppress(ValueError, KeyError, TypeError, msgspec.DecodeError):
        data = sorted(msgspec.json.decode(body)["data"], key=lambda item: item["index"])
        vectors = np.array([item["embedding"] for item in data], dtype=np.float32)
        for index, reference in enumerate(expected):
            if (
                vectors.shape == reference.shape
                and np.linalg.norm(vectors - reference, axis=1).max() < FARTHEST
            ):
                return index
    return None


def main() -> None:
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    os.sched_setaffinity(0, plan.cores)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    texts: list[str] = json.loads(Path(plan.texts).read_text(encoding="utf-8"))
    references = [np.load(path) for path in plan.references]
    starts = range(0, len(texts) - plan.per_request + 1, plan.per_request)
    groups = [slice(start, start + plan.per_request) for start in starts]

    def body(group: slice) -> dict[str, Any]:
        return {
            "model": plan.model,
            "input": texts[group] if plan.per_request > 1 else texts[group.start],
        }

    load = Load(plan, [request(plan.path, body(group), plan.headers) for group in groups])
    gc.disable()
    cpu = time.process_time()
    seconds = asyncio.run(load.run())
    cpu = time.process_time() - cpu
    matching, answered = [0] * len(references), [0] * len(groups)
    for group, answer in load.answers:
        found = matched(answer, [reference[groups[group]] for reference in references])
        answered[group] += 1
        if found is not None:
            matching[found] += 1
    ranks = [None] * 3 if not load.latencies else np.percentile(load.latencies, [50, 95, 99]).tolist()
    result = Result(
        seconds=seconds,
        outcomes=dict(load.outcomes),
        refused=load.refused,
        wrong=len(load.answers) - sum(matching),
        matching=matching,
        answered=answered,
        p50=ranks[0],
        p95=ranks[1],
        p99=ranks[2],
        client_cpu=cpu / seconds,
    )
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
