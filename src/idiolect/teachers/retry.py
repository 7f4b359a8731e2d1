"""When to ask again: exponential waits with jitter, and what the endpoint says of it."""

import email.utils
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Waits in seconds: `first`, doubled with each attempt up to `longest`, each shortened by chance.

    `attempts` is how often one call is tried; `attempts_unknown` while the endpoint has never
    answered, since then the address is more likely wrong than the server briefly away.
    A wait that the endpoint asks for is kept in full; above `longest_asked` it ends the run.
    """

    first: float = 0.5
    longest: float = 30.0
    attempts: int = 8
    attempts_unknown: int = 4
    longest_asked: float = 300.0

    def tries(self, known: bool, slow: bool) -> int:
        """How often to try: `known` endpoints have answered before, `slow` failures cost a whole timeout."""
        if known:
            return self.attempts
        return min(self.attempts_unknown, 2) if slow else self.attempts_unknown

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait after failure number `attempt` (from 1); `asked` is what the endpoint wants."""
        chance = random.random()
        if asked is not None:
            return asked + chance * min(self.first, asked)
        return min(self.first * 2.0 ** (attempt - 1), self.longest) * (0.5 + chance / 2)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` (seconds or a date) ask for; None where neither does."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = email.utils.parsedate_to_datetime(headers["retry-after"])
        return max(date.timestamp() - time.time(), 0.0)
    except (KeyError, ValueError, OverflowError):
        return None
