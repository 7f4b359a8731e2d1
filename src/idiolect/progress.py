"""What a stage tells the person who waits: on stderr, a live line on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """What stages and their helpers call; they never print."""

    def note(self, message: str) -> None:
        """Say one thing that stays on the screen."""

    def start(self, task: str, total: int | None, unit: str) -> None:
        """Begin a counted task; a task still open is closed."""

    def advance(self, count: int = 1, detail: str = "") -> None:
        """Count `count` more units of the open task as done."""

    def finish(self) -> None:
        """Close the open task."""


def track(progress: Progress, items: Iterable[T], task: str, total: int | None, unit: str) -> Iterator[T]:
    """Yield `items`, counting each as it is asked for the next."""
    progress.start(task, total, unit)
    for item in items:
        yield item
        progress.advance()
    progress.finish()


class Silent:
    """No output: for tests and for library use."""

    def note(self, message: str) -> None: ...

    def start(self, task: str, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1, detail: str = "") -> None: ...

    def finish(self) -> None: ...


class PlainLines:
    """One line at the start and end of a task and every `interval` seconds between: for logs."""

    def __init__(self, interval: float = 15.0) -> None:
        self.interval = interval
        self.task, self.unit = "", ""
        self.total: int | None = None
        self.done, self.began, self.spoke = 0, 0.0, 0.0

    def note(self, message: str) -> None:
        sys.stderr.write(f"  {message}\n")
        sys.stderr.flush()

    def start(self, task: str, total: int | None, unit: str) -> None:
        self.finish()
        self.task, self.total, self.unit = task, total, unit
        self.done, self.began, self.spoke = 0, time.monotonic(), time.monotonic()

    def advance(self, count: int = 1, detail: str = "") -> None:
        self.done += count
        now = time.monotonic()
        if self.task and now - self.spoke >= self.interval:
            self.spoke = now
            self.note(
                f"{self.task}: {_rate(self.done, self.total, self.unit, now - self.began)} {detail}".rstrip()
            )

    def finish(self) -> None:
        if self.task:
            elapsed = time.monotonic() - self.began
            self.note(f"{self.task}: {self.done:,} {self.unit} in {elapsed:.1f} s")
        self.task = ""


def _rate(done: int, total: int | None, unit: str, elapsed: float) -> str:
    rate = done / elapsed if elapsed > 0 else 0.0
    if total is None or rate == 0:
        return f"{done:,} {unit}, {rate:,.1f}/s"
    left = max(total - done, 0) / rate
    return f"{done:,} of {total:,} {unit}, {rate:,.1f}/s, {left:.0f} s left"


class LiveBar:
    """A rich progress bar; notes scroll above it."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)
        self.bar: Any = None
        self.row: Any = None

    def note(self, message: str) -> None:
        self.console.print(f"  {message}", markup=False)

    def start(self, task: str, total: int | None, unit: str) -> None:
        from rich import progress as rich_progress

        self.finish()
        columns: list[rich_progress.ProgressColumn] = [
            rich_progress.TextColumn("  {task.description}"),
            rich_progress.BarColumn(bar_width=28),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TextColumn("{task.fields[unit]}  {task.fields[rate]}"),
            rich_progress.TimeRemainingColumn(),
            rich_progress.TextColumn("left  {task.fields[detail]}"),
        ]
        self.bar = rich_progress.Progress(*columns, console=self.console, transient=True)
        self.bar.start()
        self.row = self.bar.add_task(task, total=total, unit=unit, rate="", detail="")
        self.task, self.unit, self.done, self.began = task, unit, 0, time.monotonic()

    def advance(self, count: int = 1, detail: str = "") -> None:
        if self.bar is None:
            return
        self.done += count
        rate = self.done / max(time.monotonic() - self.began, 1e-9)
        fields = {"rate": f"{rate:,.1f}/s"} | ({"detail": detail} if detail else {})
        self.bar.update(self.row, advance=count, **fields)

    def finish(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            elapsed = time.monotonic() - self.began
            self.note(f"{self.task}: {self.done:,} {self.unit} in {elapsed:.1f} s")
        self.bar = None


def for_terminal(quiet: bool = False) -> Progress:
    """The progress that suits stderr: a live bar on a terminal, plain lines in a log, nothing if `quiet`."""
    if quiet:
        return Silent()
    return LiveBar() if sys.stderr.isatty() else PlainLines()
