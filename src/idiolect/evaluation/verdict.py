"""Promote, keep the base, or say that the test cannot tell.

Of models that do not differ, a two-sided test at 5% calls 1 in 20 different; promote looks at one side
only, so that about 1 in 40 of them is promoted, or up to 1 in 13 where small gains on many documents hide
large losses on few (`bench/gate.py`).  Guards, slices and what people asked can stop a promotion and
never make one: looking at them lowers that rate.
"""

from collections.abc import Sequence
from typing import Literal

from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.slices import SliceResult
from idiolect.evaluation.wording import evidence, label, listed, percent, signed
from idiolect.records import Record

Verdict = Literal["promote", "keep-base", "inconclusive"]

SMALLEST_GAIN = 0.005
"""The smallest gain that matters, in units of the metric."""

GUARD_FALL = 0.01
"""How far a guard set may fall, relative to the base."""


class Guard(Record, frozen=True, kw_only=True):
    """One guard set's means; it fails where the tuned model falls by more than GUARD_FALL."""

    name: str
    metric: str
    base: float
    tuned: float

    @property
    def relative(self) -> float | None:
        return (self.tuned - self.base) / self.base if self.base else None

    @property
    def fails(self) -> bool:
        return self.tuned < self.base * (1 - GUARD_FALL)


def decide(
    comparison: Comparison,
    guards: Sequence[Guard],
    slices: Sequence[SliceResult],
    asked: Comparison | None = None,
) -> Verdict:
    """The verdict on run b against run a.

    promote: the interval's lower bound is above 0, no guard or slice fails, and the queries that
    people asked (`asked`, where they are too few to decide) do not fall beyond chance.  keep-base:
    otherwise, where the point estimate is not above 0 or the upper bound is below SMALLEST_GAIN.
    Else inconclusive.
    """
    low, high = comparison.ci95
    if low > 0 and not failures(guards, slices, asked):
        return "promote"
    if comparison.delta <= 0 or high < SMALLEST_GAIN:
        return "keep-base"
    return "inconclusive"


def sentence(
    comparison: Comparison,
    guards: Sequence[Guard],
    slices: Sequence[SliceResult],
    asked: Comparison | None = None,
) -> str:
    """The verdict of `decide` and its reason, in one sentence with the figures."""
    a, b, metric = comparison.a, comparison.b, label(comparison.metric)
    gain = f"{b} gains {signed(comparison.delta)} {metric} over {a}"
    match decide(comparison, guards, slices, asked):
        case "promote":
            text = f"Promote: {gain}"
        case "keep-base" if comparison.delta == 0:
            text = f"Keep the base: {b} has the same {metric} as {a}"
        case "keep-base" if comparison.delta < 0:
            text = f"Keep the base: {b} has no more {metric} than {a} ({signed(comparison.delta)})"
        case "keep-base":
            text = f"Keep the base: whatever {b} gains over {a} is below {SMALLEST_GAIN} {metric}"
        case _ if comparison.ci95[0] > 0:
            text = f"Inconclusive, so the base is kept: {gain} but {failures(guards, slices, asked)}"
        case _:
            text = f"Inconclusive, so the base is kept: {gain}, which may be chance"
    return f"{text} ({evidence(comparison)})."


def failures(guards: Sequence[Guard], slices: Sequence[SliceResult], asked: Comparison | None = None) -> str:
    """What fell, with how far: "falls on the guard nano (−2.1%)"; "" where nothing did."""
    fallen = [f"the guard {guard.name} ({percent(guard.relative)})" for guard in guards if guard.fails]
    fallen += [f"{result.label} ({signed(result.comparison.delta)})" for result in slices if result.fails]
    if asked is not None and asked.ci95[1] < 0:
        fallen.append(f"the queries that people asked ({signed(asked.delta)})")
    return f"falls on {listed(fallen)}" if fallen else ""
