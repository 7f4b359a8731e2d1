"""A challenger that encodes a share of the traffic beside a model, to be compared, never to be answered."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.errors import UsageError
from idiolect.runtimes.base import Kind, Runtime, Truncate, Vectors
from idiolect.runtimes.tokens import batches
from idiolect.server.telemetry import ShadowMetrics

log = logging.getLogger(__name__)

WAITING = 8
"""Requests that may wait for the challenger; those beyond are not compared."""

TEXTS = 64
"""Texts of a request that are compared at most."""

PASS_TOKENS = 512
"""Padded tokens of the challenger's passes: an answer that comes meanwhile shares the processor no longer than that."""

RECENT, NEAREST = 256, 10
"""Ranks are compared over the nearest of so many recent texts."""


@dataclass(frozen=True)
class Challenge:
    """What `--shadow NAME=BUNDLE:SHARE` says."""

    model: str
    bundle: Path
    share: float

    @classmethod
    def parse(cls, text: str) -> "Challenge":
        """Raises UsageError for what is not of that form."""
        model, equals, rest = text.partition("=")
        bundle, colon, share = rest.rpartition(":")
        try:
            parsed = cls(model.strip(), Path(bundle), float(share))
        except ValueError:
            parsed = None
        if not (equals and colon and model.strip() and bundle and parsed and 0 < parsed.share <= 1):
            raise UsageError(f"shadow {text!r} is not NAME=BUNDLE:SHARE, such as docs=new/bundle:0.1")
        return parsed


@dataclass(frozen=True)
class _Offer:
    digest: str
    texts: list[str]
    kind: Kind
    truncate: Truncate
    vectors: Vectors


class Shadow:
    """Encodes what it is offered in a thread of its own, and only while `idle` says that no answer is in work."""

    def __init__(
        self, runtime: Runtime, share: float, metrics: ShadowMetrics, idle: Callable[[], bool]
    ) -> None:
        self.runtime = runtime
        self.share = share
        self._metrics = metrics
        self._idle = idle
        self._credit = 0.0
        self._offers: queue.Queue[_Offer] = queue.Queue(WAITING)
        self._pairs: deque[tuple[Vectors, Vectors]] = deque(maxlen=RECENT)
        self._digest = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="idiolect-shadow", daemon=True)
        self._thread.start()

    def offer(self, digest: str, texts: list[str], kind: Kind, truncate: Truncate, vectors: Vectors) -> None:
        """Compare `vectors` [texts, dimension], whole, of the model with that digest, if it is this request's turn."""
        self._credit += self.share
        if self._credit < 1:
            return
        self._credit -= 1
        try:
            self._offers.put_nowait(_Offer(digest, texts[:TEXTS], kind, truncate, vectors[:TEXTS]))
        except queue.Full:
            self._metrics.dropped.inc(len(texts[:TEXTS]))

    def stop(self) -> None:
        """Leave what waits, return when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                offer = self._offers.get(timeout=0.1)
            except queue.Empty:
                continue
            try:
                self._compare(offer)
            except Exception:
                log.exception("the challenger failed")

    def _compare(self, offer: _Offer) -> None:
        tokens = self.runtime.tokens(offer.texts, offer.kind, offer.truncate)
        for rows in batches([len(ids) for ids in tokens], PASS_TOKENS):
            while not self._idle():
                if self._stopped.wait(0.005):
                    return
            vectors = self.runtime.encode_tokens([tokens[row] for row in rows])
            for row, vector in zip(rows, vectors, strict=True):
                self._record(offer.digest, offer.vectors[row], vector)

    def _record(self, digest: str, answered: Vectors, challenging: Vectors) -> None:
        if digest != self._digest:
            self._pairs.clear()  # another model answers now: its vectors lie elsewhere
            self._digest = digest
        self._metrics.texts.inc()
        if len(answered) == len(challenging):
            self._metrics.cosine.observe(float(answered @ challenging))
        if len(self._pairs) > NEAREST:
            nearest = [
                _nearest(side, vector)
                for side, vector in zip(zip(*self._pairs, strict=True), (answered, challenging), strict=True)
            ]
            self._metrics.overlap.observe(len(nearest[0] & nearest[1]) / NEAREST)
        self._pairs.append((answered.copy(), challenging.copy()))


def _nearest(vectors: tuple[Vectors, ...], vector: Vectors) -> set[int]:
    return set(np.argsort(-(np.stack(vectors) @ vector), kind="stable")[:NEAREST].tolist())
