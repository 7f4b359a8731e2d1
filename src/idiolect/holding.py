"""A folder held by one process at a time."""

import contextlib
import datetime
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from idiolect.errors import IdiolectError


@contextlib.contextmanager
def held(folder: Path, error: type[IdiolectError], otherwise: str) -> Iterator[None]:
    """Hold `folder`, which is made, for this process; the system releases it when the process ends, however it ends.

    Raises `error` where it cannot be written, or naming the process that holds it already and what to do `otherwise`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a+", encoding="utf-8")
    except OSError as problem:
        raise error(f"{folder} cannot be written: {problem.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "a process that has just begun"
            raise error(
                f"another idiolect run holds {folder} ({holder}): wait for it, or {otherwise}"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.datetime.now():%Y-%m-%d %H:%M:%S}\n")
        file.flush()
        yield
