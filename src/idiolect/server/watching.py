"""Reloads by itself what has changed at the paths that are served."""

import logging
import threading
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from idiolect.server import places
from idiolect.server.refusal import RefusedError

log = logging.getLogger(__name__)


class Watcher:
    """Looks every so many seconds, in a thread of its own, and calls `reload` once per change.

    What two looks find alike is taken to be at rest: a bundle that is still being copied is left alone. One that
    cannot be loaded is logged, and tried again when something there changes.
    """

    def __init__(self, paths: Sequence[Path], seconds: float, reload: Callable[[], object]) -> None:
        self._paths = paths
        self._seconds = seconds
        self._reload = reload
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="idiolect-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the thread has ended; a reload in work is finished."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        last: Hashable = None
        tried: Hashable = None
        while not self._stopped.wait(self._seconds):
            now = places.state(self._paths)
            if now == last and now != tried and self._tried():
                tried = now
            last = now

    def _tried(self) -> bool:
        """False where the server takes no reload just now."""
        try:
            self._reload()
        except RefusedError:
            return False
        except Exception:
            log.exception("what lies at a watched path cannot be served, and nothing was changed")
        return True
