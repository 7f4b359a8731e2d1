"""A progress that remembers its tasks."""

from idiolect.progress import Silent


class Told(Silent):
    """Each task as it was begun, corrected totals, every detail, and how many units took no work."""

    def __init__(self) -> None:
        self.tasks: list[tuple[str, int | None, str]] = []
        self.totals: list[int] = []
        self.details: list[str] = []
        self.free = 0

    def start(self, task: str, total: int | None, unit: str) -> None:
        self.tasks.append((task, total, unit))

    def expect(self, total: int) -> None:
        self.totals.append(total)

    def advance(self, count: int = 1, detail: str = "", free: bool = False) -> None:
        self.details.append(detail)
        self.free += free
