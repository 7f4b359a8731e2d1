"""Processes under limits: each way in which a task can go wrong costs that task alone."""

import ctypes
import os
import time
from collections.abc import Callable

from idiolect.engines.processes import Failure, Pool

_prefix = ""


def set_up(prefix: str) -> None:
    global _prefix
    _prefix = prefix


def work(task: str) -> str:
    """What real readers do at their worst."""
    if task == "hangs":
        time.sleep(60)
    if task == "is killed":
        os.kill(os.getpid(), 9)
    if task == "crashes":
        ctypes.string_at(0)
    if task == "eats memory":
        return str(len(bytearray(2_000_000_000)))
    if task == "is slow":
        time.sleep(0.4)
    return f"{_prefix}{task}"


def pool(function: Callable[[str], str] = work, **given: object) -> Pool[str, str]:
    settings: dict[str, object] = {"workers": 2, "memory_mb": 400, "seconds": lambda task: 3.0}
    return Pool(function=function, setup=set_up, given=("done: ",), **(settings | given))


def test_results_come_in_the_order_of_the_tasks() -> None:
    tasks = ["is slow", *(f"t{number}" for number in range(60)), "is slow", "last"]
    assert list(pool().map(iter(tasks))) == [(task, f"done: {task}") for task in tasks]


def test_a_task_that_goes_wrong_costs_itself_alone() -> None:
    tasks = ["one", "hangs", "two", "is killed", "three", "crashes", "four", "eats memory", "five"]
    found = dict(pool().map(tasks))
    for task in ("one", "two", "three", "four", "five"):
        assert found[task] == f"done: {task}"
    assert found["hangs"] == Failure("too slow: reading it took more than 3 s")
    assert found["is killed"] == Failure("corrupt: its reader crashed (exit code -9)")
    assert found["crashes"] == Failure("corrupt: its reader crashed (exit code -11)")
    assert found["eats memory"] == Failure("too much memory: reading it took more than 400 MB")


def test_a_task_without_a_result_is_tried_again_as_smaller_ones_in_its_place() -> None:
    def smaller(task: str) -> list[str]:
        return {"hangs": ["half", "is killed"], "is killed": ["quarter", "crashes"]}.get(task, [])

    found = [result for _, result in pool(smaller=smaller).map(["one", "hangs", "two"])]
    lost = Failure("corrupt: its reader crashed (exit code -11)")
    assert found == ["done: one", "done: half", "done: quarter", lost, "done: two"]


def test_tasks_are_handed_out_as_they_are_needed() -> None:
    taken = []

    def tasks():
        for number in range(1000):
            taken.append(number)
            yield str(number)

    results = pool().map(tasks())
    next(results)
    assert len(taken) < 50
    results.close()


def test_the_environment_is_left_as_it_was(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    list(pool().map(["one"]))
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ
