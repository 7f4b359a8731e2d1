"""Every detector on two samples, and one of them on each slice."""

import math
from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from idiolect.config import Drift
from idiolect.evaluation.significance import holm
from idiolect.lifecycle.drift.detectors.classifier import area
from idiolect.lifecycle.drift.detectors.gap import gap
from idiolect.lifecycle.drift.detectors.mmd import discrepancy
from idiolect.lifecycle.drift.detectors.shift import shift
from idiolect.lifecycle.drift.detectors.stability import stability
from idiolect.lifecycle.drift.detectors.topics import topics
from idiolect.lifecycle.drift.detectors.uncovered import FURTHEST, uncovered
from idiolect.lifecycle.drift.findings import Finding, Untested
from idiolect.lifecycle.drift.relabelling import Floats, Labels, p_value, threshold
from idiolect.lifecycle.drift.samples import FEWEST_GROUPS, Pooled

NUMBERS: dict[str, Callable[[Floats, Labels], Floats]] = {
    "top_score": gap,
    "margin": gap,
    "unknown_words": shift,
    "subwords": shift,
    "uncovered": uncovered,
}
"""Detector → its function of the numbers of that name."""

CLASSES = ("language", "script")

SLICED = "mmd"
"""The detector of slices: of all it finds most in small samples (`bench/drift.py`)."""

_LENGTHS = 5


def findings(pooled: Pooled, settings: Drift, seed: int) -> list[Finding]:
    """One a detector, in the order of `MEANINGS`; `uncovered`, `top_score` … only where their numbers are known.

    Numbers that are known of some texts only are compared among these, where they are enough.
    """
    labels = pooled.labels(settings.permutations, seed)
    found = [
        _finding(name, statistics, pooled, settings.alpha)
        for name, statistics in _statistics(pooled, labels, seed)
    ]
    for name, function in NUMBERS.items():
        if name not in pooled.measured.numbers:
            continue
        part = pooled.told(name)
        if part is not pooled and _too_few(part, settings.smallest):
            continue
        over = labels if part is pooled else part.labels(settings.permutations, seed)
        found.append(_finding(name, function(part.measured.numbers[name], over), part, settings.alpha))
    return found


def _statistics(pooled: Pooled, labels: Labels, seed: int) -> Iterator[tuple[str, Floats]]:
    vectors = pooled.measured.vectors
    yield "classifier", area(vectors, labels, pooled.groups, seed)
    yield "mmd", discrepancy(vectors, labels)
    yield "topics", stability(topics(vectors, seed), labels)
    numbers = pooled.measured.numbers
    if "length" in numbers:
        edges = np.unique(np.quantile(numbers["length"], np.linspace(0, 1, _LENGTHS + 1)[1:-1]))
        yield "length", stability(np.searchsorted(edges, numbers["length"]), labels)
    for name in CLASSES:
        if name in pooled.measured.classes:
            yield name, stability(pooled.codes(name), labels)


def only_uncovered(pooled: Pooled, settings: Drift, seed: int) -> list[Finding]:
    """Whether the current texts are covered by what the reference, other in manner, was to cover."""
    labels = pooled.labels(settings.permutations, seed)
    statistics = uncovered(pooled.measured.numbers["uncovered"], labels)
    return [_finding("uncovered", statistics, pooled, settings.alpha)]


def sliced(pooled: Pooled, settings: Drift, seed: int) -> tuple[list[Finding], list[Untested]]:
    """SLICED within each slice that has enough texts on both sides, corrected for looking many times (Holm 1979).

    Of more slices than the relabellings can tell apart at alpha the smallest are left out, and named.
    """
    most = max(int(settings.alpha * (settings.permutations + 1)), 1)
    tested: list[tuple[str, Pooled]] = []
    left_out: list[Untested] = []
    for name, part in _slices(pooled):
        reference, current = part.sizes
        reason = _too_few(part, settings.smallest)
        if not reason and len(tested) == most:
            reason = f"{most} larger slices were tested: raise drift.permutations"
        if not reason:
            tested.append((name, part))
        elif max(reference, current) >= settings.smallest:
            left_out.append(Untested(slice=name, reference=reference, current=current, reason=reason))
    found = []
    for name, part in tested:
        statistics = discrepancy(part.measured.vectors, part.labels(settings.permutations, seed))
        found.append(_finding(SLICED, statistics, part, settings.alpha, name))
    adjusted = holm([finding.p for finding in found])
    return [
        _replaced(finding, p, settings.alpha) for finding, p in zip(found, adjusted, strict=True)
    ], left_out


def _too_few(part: Pooled, smallest: int) -> str:
    """Why nothing can be told of so few; "" where they are enough."""
    if min(part.sizes) < smallest:
        return f"fewer than {smallest} on a side"
    if part.blocks < FEWEST_GROUPS:
        return f"from fewer than {FEWEST_GROUPS} users or documents on a side"
    return ""


def _slices(pooled: Pooled) -> list[tuple[str, Pooled]]:
    """The largest first; one that holds all texts says nothing new."""
    members: dict[str, list[int]] = {}
    for row, text in enumerate(pooled.measured.texts):
        for dimension, name in text.slices.items():
            members.setdefault(f"{dimension} {name}", []).append(row)
    order = sorted(members, key=lambda name: (-len(members[name]), name))
    return [
        (name, pooled.only(np.array(members[name]))) for name in order if len(members[name]) < len(pooled)
    ]


def _replaced(finding: Finding, p: float, alpha: float) -> Finding:
    return msgspec.structs.replace(finding, p_adjusted=p, drifted=p <= alpha)


def _finding(name: str, statistics: Floats, pooled: Pooled, alpha: float, slice: str = "") -> Finding:
    p = p_value(statistics)
    limit = threshold(statistics, alpha)
    reference, current = pooled.sizes
    before, after = _means(name, float(statistics[0]), pooled)
    return Finding(
        detector=name,
        slice=slice,
        statistic=float(statistics[0]),
        threshold=limit if math.isfinite(limit) else None,
        p=p,
        p_adjusted=p,
        reference=reference,
        current=current,
        before=before,
        after=after,
        drifted=p <= alpha,
    )


def _means(name: str, statistic: float, pooled: Pooled) -> tuple[float | None, float | None]:
    if name == "uncovered":
        return FURTHEST, statistic
    if name not in pooled.measured.numbers:
        return None, None
    values = pooled.measured.numbers[name]
    return float(values[~pooled.current].mean()), float(values[pooled.current].mean())
