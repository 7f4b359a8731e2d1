"""Memory and time of a process and of all that it has begun, from /proc."""

import contextlib
import os
import threading
import time
from pathlib import Path


def group_of(leader: int) -> list[Path]:
    """The /proc folders of a process and of all that it has begun."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if os.getpgid(int(folder.name)) == leader:
                found.append(folder)
    return found


def memory(folder: Path, field: str) -> int:
    """A process's resident set in KB: `VmRSS` now, `VmHWM` the largest so far; 0 for one that has ended."""
    with contextlib.suppress(OSError):
        for line in (folder / "status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    return 0


def cpu_seconds(folder: Path) -> float:
    """What a process has spent in its own code and in the system's for it; 0 for one that has ended."""
    with contextlib.suppress(OSError):
        fields = (folder / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Watched:
    """Samples the resident set of a process group while it is entered."""

    def __init__(self, leader: int, every: float = 0.5) -> None:
        """`every` is in seconds."""
        self.samples: list[tuple[float, float]] = []
        """Seconds since entering, MB."""
        self._leader, self._every = leader, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        folders = group_of(self._leader)
        while True:
            megabytes = sum(memory(folder, "VmRSS") for folder in folders) / 1024
            self.samples.append((round(time.monotonic() - began, 1), round(megabytes, 1)))
            if self._ended.wait(self._every):
                return
