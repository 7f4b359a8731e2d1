"""Texts of one kind, and two samples of them pooled so that they can be told apart, or relabelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.evaluation.labels import normalised
from idiolect.lifecycle.drift.relabelling import Labels, relabelled
from idiolect.records import Record

FEWEST_GROUPS = 10
"""Users, or documents, of each side: what a few of them say is theirs, and not what all do."""


class Text(Record, frozen=True, kw_only=True):
    """`group`: what it depends on, as its user or its document, "" where on nothing; `slices`: dimension → name."""

    text: str
    group: str = ""
    slices: dict[str, str] = {}


@dataclass(frozen=True)
class Measured:
    """Texts [n] of one side with all that detectors take: their vectors [n, d], numbers and classes [n], by name.

    A number is NaN where it is not known of a text, or says nothing.
    """

    texts: Sequence[Text]
    vectors: NDArray[np.float32]
    numbers: Mapping[str, NDArray[np.float64]]
    classes: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Pooled:
    """The reference, then the current sample: [n] rows. `fixed` ones stand on both sides, and are never relabelled."""

    measured: Measured
    current: NDArray[np.bool_]
    groups: NDArray[np.int64]
    fixed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.current)

    @property
    def sizes(self) -> tuple[int, int]:
        """Texts of the reference, of the current sample."""
        here = int(self.current.sum())
        return len(self.current) - here, here

    @property
    def blocks(self) -> int:
        """What can be relabelled, on the side that has less of it."""
        free = ~self.fixed
        return min(len(np.unique(self.groups[free & side])) for side in (self.current, ~self.current))

    def labels(self, count: int, seed: int) -> Labels:
        return relabelled(self.current, self.groups, self.fixed, count, seed)

    def told(self, name: str) -> "Pooled":
        """Of the rows whose number of that name is known."""
        known = np.flatnonzero(~np.isnan(self.measured.numbers[name]))
        return self if len(known) == len(self) else self.only(known)

    def codes(self, name: str) -> NDArray[np.int64]:
        """Classes as numbers from 0 on."""
        return np.asarray(np.unique(list(self.measured.classes[name]), return_inverse=True)[1], np.int64)

    def only(self, rows: NDArray[np.int64]) -> "Pooled":
        """Of some rows."""
        held = self.measured
        return Pooled(
            Measured(
                [held.texts[row] for row in rows],
                held.vectors[rows],
                {name: values[rows] for name, values in held.numbers.items()},
                {name: [values[row] for row in rows] for name, values in held.classes.items()},
            ),
            self.current[rows],
            self.groups[rows],
            self.fixed[rows],
        )


def distinct(texts: Sequence[Text]) -> list[Text]:
    """The first of each wording: who asks the same again and again would else be many."""
    found: dict[str, Text] = {}
    for text in texts:
        found.setdefault(normalised(text.text), text)
    return list(found.values())


def pooled(reference: Measured, current: Measured) -> Pooled:
    """Both sides together; each side's texts are `distinct`.

    A text that stands on both sides is fixed: relabelled, its copies could come to lie on one side, which they never do
    here.  Where a text has no group, it is one of its own.
    """
    texts = [*reference.texts, *current.texts]
    words = [normalised(text.text) for text in texts]
    shared = set(words[: len(reference.texts)]) & set(words[len(reference.texts) :])
    names = [
        f"text {word}" if word in shared or not text.group else f"group {text.group}"
        for text, word in zip(texts, words, strict=True)
    ]
    return Pooled(
        Measured(
            texts,
            np.concatenate([reference.vectors, current.vectors]),
            {
                name: np.concatenate([values, current.numbers[name]])
                for name, values in reference.numbers.items()
                if name in current.numbers
            },
            {
                name: [*values, *current.classes[name]]
                for name, values in reference.classes.items()
                if name in current.classes
            },
        ),
        np.arange(len(texts)) >= len(reference.texts),
        np.asarray(np.unique(names, return_inverse=True)[1], np.int64),
        np.array([word in shared for word in words], bool),
    )
