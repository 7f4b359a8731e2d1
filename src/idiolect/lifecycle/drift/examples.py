"""What moved, shown: the current texts that least look like the reference, and the topics that have grown."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.detectors.classifier import scores
from idiolect.lifecycle.drift.detectors.topics import topics
from idiolect.lifecycle.drift.samples import Pooled
from idiolect.records import Record
from idiolect.teachers.reporting.words import words

SHOWN = 10
TOPICS = 3
TERMS = 8
_OF_A_TOPIC = 3
_CHARACTERS = 160
_PRIOR = 0.1  # of a word's pooled count, against which a topic's is held
_FEWEST = 2  # texts that a term stands in


class Topic(Record, frozen=True, kw_only=True):
    """A cluster of the texts: its share of the reference and of the current ones, its key terms, and some of it."""

    terms: list[str]
    reference: float
    current: float
    examples: list[str]


class Shown(Record, frozen=True, kw_only=True):
    """`surest`: the texts that the classifier is surest are current; `topics` that have grown most."""

    surest: list[str] = []
    topics: list[Topic] = []


def shown(pooled: Pooled, seed: int) -> Shown:
    """Of texts that stand on both sides none is shown as new."""
    texts = [text.text for text in pooled.measured.texts]
    found = scores(pooled.measured.vectors, pooled.current[:, None], pooled.groups, seed)[:, 0]
    new = np.flatnonzero(pooled.current & ~pooled.fixed)
    order = new[np.argsort(-found[new], kind="stable")]
    return Shown(
        surest=[_short(texts[row]) for row in order[:SHOWN]],
        topics=_grown(texts, pooled, topics(pooled.measured.vectors, seed), order),
    )


def _grown(
    texts: Sequence[str], pooled: Pooled, assigned: NDArray[np.int64], order: NDArray[np.int64]
) -> list[Topic]:
    reference, current = pooled.sizes
    before = np.bincount(assigned[~pooled.current], minlength=assigned.max() + 1) / reference
    after = np.bincount(assigned[pooled.current], minlength=assigned.max() + 1) / current
    held = [{word.text for word in words(text)} for text in texts]
    found = []
    for topic in np.argsort(before - after, kind="stable")[:TOPICS]:
        if after[topic] <= before[topic]:
            break
        rows = [int(row) for row in order if assigned[row] == topic]
        found.append(
            Topic(
                terms=key_terms(held, rows),
                reference=float(before[topic]),
                current=float(after[topic]),
                examples=[_short(texts[row]) for row in rows[:_OF_A_TOPIC]],
            )
        )
    return found


def key_terms(held: Sequence[set[str]], rows: Sequence[int]) -> list[str]:
    """Words that texts `rows` have more often than the others, surest first; `held`: each text's words.

    By the log-odds ratio with an informative Dirichlet prior, in standard errors (Monroe et al. 2008,
    doi 10.1093/pan/mpn018, equations 16 and 22), counting texts.
    """
    here = Counter(word for row in rows for word in held[row])
    everywhere = Counter(word for text in held for word in text)
    total, others = here.total(), everywhere.total() - here.total()
    prior = _PRIOR * everywhere.total()

    def surprise(word: str) -> float:
        weight = _PRIOR * everywhere[word]
        inside, outside = here[word] + weight, everywhere[word] - here[word] + weight
        odds = math.log(inside / max(total + prior - inside, 0.5))
        against = math.log(outside / max(others + prior - outside, 0.5))
        return (odds - against) / math.sqrt(1 / inside + 1 / outside)

    common = [word for word, count in here.items() if count >= _FEWEST and not word.isdecimal()]
    return sorted((word for word in common if surprise(word) > 0), key=lambda word: (-surprise(word), word))[
        :TERMS
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 1]}…"
