"""Lengths and languages of the queries, beside those of real ones."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idiolect.readers.base import Block
from idiolect.readers.language import detect
from idiolect.records import Record
from idiolect.teachers.reporting.coverage import share
from idiolect.teachers.reporting.words import words

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
UNTOLD = "?"
"""Stands for a query that is too short, or too mixed, for its language to be told."""
_SAMPLED = 2_000


class Lengths(Record, frozen=True, kw_only=True):
    """Words a query at QUANTILES; `real` is empty where one side has no queries.

    `distance` is Wasserstein's between the two, in words; `ks` the Kolmogorov-Smirnov statistic,
    the largest gap between their distributions, and `ks_by_chance` what chance alone exceeds one
    time in twenty.
    """

    synthetic: list[float]
    real: list[float] = []
    distance: float = 0.0
    ks: float = 0.0
    ks_by_chance: float = 0.0


class Languages(Record, frozen=True, kw_only=True):
    """ISO 639-1 code → share of the queries, UNTOLD included.

    `distance`: the share of queries whose language would have to change for the two to agree,
    among those whose language was told, which are `told` and `real_told`.
    """

    synthetic: dict[str, float]
    real: dict[str, float] = {}
    told: int = 0
    real_told: int = 0
    distance: float = 0.0


def lengths(synthetic: Sequence[str], real: Sequence[str]) -> Lengths:
    ours = np.array([len(words(text)) for text in synthetic], float)
    if not synthetic or not real:
        return Lengths(synthetic=_quantiles(ours))
    theirs = np.array([len(words(text)) for text in real], float)
    places = np.unique(np.concatenate([ours, theirs]))
    gaps = np.abs(_below(ours, places) - _below(theirs, places))
    return Lengths(
        synthetic=_quantiles(ours),
        real=_quantiles(theirs),
        distance=float(np.sum(gaps[:-1] * np.diff(places))),
        ks=float(gaps.max()),
        ks_by_chance=1.358 * (1 / len(ours) + 1 / len(theirs)) ** 0.5,
    )


def languages(synthetic: Sequence[str], real: Sequence[str]) -> Languages:
    """Of 2,000 queries at most, taken evenly from each."""
    ours, theirs = _languages(synthetic), _languages(real)
    told = {name: count for name, count in ours.items() if name != UNTOLD}
    real_told = {name: count for name, count in theirs.items() if name != UNTOLD}
    many, real_many = sum(told.values()), sum(real_told.values())
    distance = 0.0
    if many and real_many:
        every = {*told, *real_told}
        distance = sum(abs(told.get(n, 0) / many - real_told.get(n, 0) / real_many) for n in every) / 2
    return Languages(
        synthetic=_shares(ours), real=_shares(theirs), told=many, real_told=real_many, distance=distance
    )


def evenly(texts: Sequence[str], most: int) -> list[str]:
    """`most` of them at most, at even steps: the same ones every time."""
    if len(texts) <= most:
        return list(texts)
    return [texts[number * len(texts) // most] for number in range(most)]


def _languages(texts: Sequence[str]) -> Counter[str]:
    return Counter(
        detect(text, [Block(start=0, end=len(text), kind="paragraph")]) or UNTOLD
        for text in evenly(texts, _SAMPLED)
    )


def _shares(counts: Counter[str]) -> dict[str, float]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: share(count, counts.total()) for name, count in ordered}


def _quantiles(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in np.quantile(values, QUANTILES)] if len(values) else []


def _below(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of `values` at or below each of `places`."""
    return np.asarray(np.searchsorted(np.sort(values), places, side="right") / len(values))
