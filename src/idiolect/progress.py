"""What a stage tells the person who waits: on stderr, a live line on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """What stages and their helpers call; they never print."""

    def note(self, message: str) -> None:
        """Say one thing that stays on the screen."""

    def start(self, task: str, total: int | None, unit: str) -> None:
        """Begin a counted task; a task still open is closed."""

    def expect(self, total: int) -> None:
        """Correct the total of the open task."""

    def advance(self, count: int = 1, detail: str = "", free: bool = False) -> None:
        """Count `count` more units of the open task as done; `free` ones took no work and make no rate."""

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

    def expect(self, total: int) -> None: ...

    def advance(self, count: int = 1, detail: str = "", free: bool = False) -> None: ...

    def finish(self) -> None: ...


@dataclass
class _Task:
    """A counted task: how far it is, how fast, and how long it will take."""

    name: str
    total: int | None
    unit: str
    done: int = 0
    free: int = 0
    began: float = field(default_factory=lambda: time.monotonic())

    def advance(self, count: int, free: bool) -> None:
        self.done += count
        self.free += count if free else 0

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    @property
    def rate(self) -> float:
        """Units a second, those left out that took no work."""
        return (self.done - self.free) / max(self.elapsed, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds; None where nothing says it."""
        if self.total is None or self.done == self.free:
            return None
        return max(self.total - self.done, 0) / self.rate

    @property
    def state(self) -> str:
        if self.left is None:
            return f"{self.done:,} {self.unit}, {self.rate:,.1f}/s"
        return f"{self.done:,} of {self.total:,} {self.unit}, {self.rate:,.1f}/s, {self.left:.0f} s left"

    @property
    def closing(self) -> str:
        known = f", {self.free:,} of them known before" if self.free else ""
        return f"{self.name}: {self.done:,} {self.unit} in {self.elapsed:.1f} s{known}"


class PlainLines:
    """One line at the start and end of a task and every `interval` seconds between: for logs."""

    def __init__(self, interval: float = 15.0) -> None:
        self.interval = interval
        self.task: _Task | None = None
        self.spoke = 0.0

    def note(self, message: str) -> None:
        sys.stderr.write(f"  {message}\n")
        sys.stderr.flush()

    def start(self, task: str, total: int | None, unit: str) -> None:
        self.finish()
        self.task, self.spoke = _Task(task, total, unit), time.monotonic()

    def expect(self, total: int) -> None:
        if self.task:
            self.task.total = total

    def advance(self, count: int = 1, detail: str = "", free: bool = False) -> None:
        if self.task is None:
            return
        self.task.advance(count, free)
        now = time.monotonic()
        if now - self.spoke >= self.interval:
            self.spoke = now
            self.note("; ".join(filter(None, (f"{self.task.name}: {self.task.state}", detail))))

    def finish(self) -> None:
        if self.task:
            self.note(self.task.closing)
        self.task = None


class LiveBar:
    """A rich progress bar, what it spends on a line below it; notes scroll above."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)
        self.task: _Task | None = None
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
        ]
        self.bar = _with_detail(columns, self.console)
        self.bar.start()
        self.row = self.bar.add_task(task, total=total, unit=unit, rate="", detail="")
        self.task = _Task(task, total, unit)

    def expect(self, total: int) -> None:
        if self.task:
            self.task.total = total
            self.bar.update(self.row, total=total)

    def advance(self, count: int = 1, detail: str = "", free: bool = False) -> None:
        if self.task is None:
            return
        self.task.advance(count, free)
        left = "" if self.task.left is None else f"  {_clock(self.task.left)} left"
        fields = {"rate": f"{self.task.rate:,.1f}/s{left}"} | ({"detail": detail} if detail else {})
        self.bar.update(self.row, advance=count, **fields)

    def finish(self) -> None:
        if self.task:
            self.bar.stop()
            self.note(self.task.closing)
        self.task = self.bar = None


def _with_detail(columns: list[Any], console: Any) -> Any:
    """A bar of these columns, with its task's detail below: beside it, terminals of 80 columns would hide it."""
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Detailed(Bar):
        def get_renderables(self) -> Iterator[Any]:
            yield self.make_tasks_table(self.tasks)
            for detail in filter(None, (task.fields["detail"] for task in self.tasks)):
                yield Text(f"    {detail}", no_wrap=True, overflow="ellipsis")

    return Detailed(*columns, console=console, transient=True)


def _clock(seconds: float) -> str:
    """H:MM:SS."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def for_terminal(quiet: bool = False) -> Progress:
    """The progress that suits stderr: a live bar on a terminal, plain lines in a log, nothing if `quiet`."""
    if quiet:
        return Silent()
    return LiveBar() if sys.stderr.isatty() else PlainLines()
