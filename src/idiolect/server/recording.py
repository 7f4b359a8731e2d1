"""What searches showed and what came of it, kept by a thread of its own: no search waits for it, or fails with it."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.events import Event, Impression
from idiolect.lifecycle.feedback.keeping import Keeper, Kept
from idiolect.server.feedback_contract import FullError
from idiolect.server.telemetry import Telemetry

log = logging.getLogger(__name__)

WAITING = 10_000
"""Events that may wait to be written; those beyond are lost, or refused with 429 where somebody waits for them."""

TOGETHER = 500
"""Impressions that are written at once."""

IDLE_SECONDS = 600.0
"""Without an event for so long, it looks whether anything has expired."""


@dataclass(frozen=True)
class _Job:
    """Events with their places, and whoever waits to hear what became of them."""

    events: Sequence[tuple[int, Event]]
    told: Future[Kept] | None = None


class Recorder:
    """Takes events from any thread, in whose order they are written."""

    def __init__(self, keeper: Keeper, telemetry: Telemetry) -> None:
        self._keeper = keeper
        self._telemetry = telemetry
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._failing = self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Called once all is loaded: until then, what comes waits."""
        self._keeper.warm_up()
        self._thread = threading.Thread(target=self._run, name="idiolect-feedback", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when all that was taken is written; what comes later is lost."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def wanted(self, consent: bool) -> bool:
        """Whether what is shown to somebody may be kept."""
        return consent or self._keeper.consent_given

    def shown(self, impression: Impression) -> None:
        """Take an impression; one that cannot be kept is counted."""
        try:
            self._take(_Job([(0, impression)]))
        except FullError:
            self._telemetry.feedback.labels("lost").inc()

    def keep(self, events: Sequence[tuple[int, Event]]) -> Future[Kept]:
        """What will have become of the events: raises FeedbackError where writing fails. Raises FullError at once."""
        told: Future[Kept] = Future()
        self._take(_Job(events, told))
        return told

    def set_aside(self, events: int) -> None:
        """Count what cannot be kept."""
        self._telemetry.feedback.labels("set_aside").inc(events)

    def _take(self, job: _Job) -> None:
        with self._changed:
            if self._stopped or self._waiting + len(job.events) > WAITING:
                raise FullError
            self._waiting += len(job.events)
            self._jobs.append(job)
            self._changed.notify()

    def _run(self) -> None:
        while (jobs := self._together()) is not None:
            if not jobs:
                self._tidy()
                continue
            events = [event for job in jobs for event in job.events]
            self._write(events, jobs[0].told)
            with self._changed:
                self._waiting -= len(events)
        self._keeper.close()

    def _together(self) -> list[_Job] | None:
        """Impressions that wait one behind another; whatever somebody waits for, alone.

        Nothing where none came for IDLE_SECONDS, None once it is stopped.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._stopped, IDLE_SECONDS)
            if self._stopped and not self._jobs:
                return None
            jobs = [self._jobs.popleft()] if self._jobs else []
            while jobs and self._jobs and not (jobs[0].told or self._jobs[0].told) and len(jobs) < TOGETHER:
                jobs.append(self._jobs.popleft())
            return jobs

    def _tidy(self) -> None:
        """What has expired goes also where nobody searches."""
        try:
            self._keeper.tidy()
        except Exception as error:
            log.error("feedback that has expired cannot be deleted", exc_info=error)

    def _write(self, events: Sequence[tuple[int, Event]], told: Future[Kept] | None) -> None:
        if told is not None and not told.set_running_or_notify_cancel():
            told = None  # whoever sent them has gone
        try:
            kept = self._keeper.keep(events)
        except Exception as error:  # a full disk, above all: the searches go on
            self._failed(events, told, error)
        else:
            self._failing = False
            self._count(kept)
            if told is not None:
                told.set_result(kept)

    def _failed(
        self, events: Sequence[tuple[int, Event]], told: Future[Kept] | None, error: Exception
    ) -> None:
        self._telemetry.feedback.labels("lost").inc(len(events))
        if not self._failing:
            log.error("feedback cannot be kept, and is lost until it can be again", exc_info=error)
        self._failing = True
        if told is not None:
            told.set_exception(FeedbackError("the feedback log cannot be written"))

    def _count(self, kept: Kept) -> None:
        for outcome in ("impressions", "actions", "again", "waiting"):
            self._telemetry.feedback.labels(outcome).inc(getattr(kept, outcome))
        self.set_aside(len(kept.set_aside))
