"""What else vectors are used for: the classes of texts, told by their neighbours and found by clustering."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import MissingExtra
from idiolect.evaluation.classed_texts import ClassedTexts
from idiolect.evaluation.significance import Comparison, compare
from idiolect.evaluation.verdict import GUARD_FALL
from idiolect.evaluation.wording import label, percent, signed
from idiolect.records import Record
from idiolect.runtimes.base import Vectors

Task = Literal["classification", "clustering"]
TASKS: tuple[Task, ...] = get_args(Task)

NEIGHBOURS = 10
METRICS: dict[Task, str] = {"classification": f"knn_accuracy@{NEIGHBOURS}", "clustering": "v_measure"}

SEEDS = 5
"""Clusterings whose V-measure is averaged."""

_LARGE = 10_000  # texts from which k-means works on batches
_BLOCK = 1_000


class TaskReport(Record, frozen=True, kw_only=True):
    """One collection of classed texts: run → metric → value, and the accuracies compared text by text."""

    texts: int
    classes: int
    runs: dict[str, dict[str, float]]
    comparison: Comparison


def measure(texts: ClassedTexts, vectors: Vectors, tasks: Sequence[Task], seed: int) -> dict[str, float]:
    """Metric → value of unit `vectors` [texts, d]."""
    found = {}
    if "classification" in tasks:
        found[METRICS["classification"]] = fmean(knn_hits(vectors, texts.classes).values())
    if "clustering" in tasks:
        found[METRICS["clustering"]] = v_measure(vectors, texts.classes, seed)
    return found


def report(texts: ClassedTexts, runs: Mapping[str, Vectors], pair: tuple[str, str], seed: int) -> TaskReport:
    """Both tasks for every run; `pair` are the two that are compared."""
    hits = {run: knn_hits(vectors, texts.classes) for run, vectors in runs.items()}
    metric, a, b = METRICS["classification"], *pair
    return TaskReport(
        texts=len(texts.texts),
        classes=len(set(texts.classes)),
        runs={
            run: {
                metric: fmean(hits[run].values()),
                METRICS["clustering"]: v_measure(vectors, texts.classes, seed),
            }
            for run, vectors in runs.items()
        },
        comparison=compare(hits[a], hits[b], {}, seed, names=pair, metric=metric),
    )


def knn_hits(vectors: Vectors, classes: Sequence[str]) -> dict[str, float]:
    """Text's number → 1 where its NEIGHBOURS nearest others tell its class, else 0.

    Nearest by cosine; the majority tells, of equals the class whose neighbours are nearer in sum.
    """
    names = {name: number for number, name in enumerate(dict.fromkeys(classes))}
    own = np.array([names[name] for name in classes])
    count = min(NEIGHBOURS, len(own) - 1)
    hits: dict[str, float] = {}
    for start in range(0, len(own), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(cosines, nearest, axis=1)
        votes = np.zeros((len(cosines), len(names)))
        # a vote each, and less than a vote in all for how near they are
        np.add.at(votes, (rows[:, None], own[nearest]), 1 + (near + 1) / (4 * count))
        told = votes.argmax(axis=1)
        hits |= {str(start + row): float(told[row] == own[start + row]) for row in rows.tolist()}
    return hits


def v_measure(vectors: Vectors, classes: Sequence[str], seed: int) -> float:
    """Mean V-measure of SEEDS k-means clusterings into as many clusters as there are classes.

    V-measure is the harmonic mean of homogeneity and completeness (Rosenberg and Hirschberg 2007,
    https://aclanthology.org/D07-1043).  Raises MissingExtra without scikit-learn.
    """
    try:
        from sklearn.cluster import KMeans, MiniBatchKMeans
        from sklearn.metrics import v_measure_score
    except ModuleNotFoundError:
        raise MissingExtra("scikit-learn", "train") from None
    kind = MiniBatchKMeans if len(classes) > _LARGE else KMeans
    held: NDArray[np.float32] = np.ascontiguousarray(vectors, np.float32)
    scores = []
    for number in range(SEEDS):
        found = kind(len(set(classes)), n_init=1, random_state=seed + number).fit_predict(held)
        scores.append(float(v_measure_score(classes, found)))
    return fmean(scores)


def task_warnings(tasks: Mapping[str, TaskReport], a: str, b: str) -> Iterable[str]:
    """Where run `b` loses more than GUARD_FALL of what run `a` has."""
    for name, found in tasks.items():
        for metric, before in found.runs[a].items():
            after = found.runs[b][metric]
            if after < before * (1 - GUARD_FALL):
                text = (
                    f"{name}: {label(metric)} falls from {before:.3f} to {after:.3f} "
                    f"({percent((after - before) / before)})"
                )
                if metric == found.comparison.metric:
                    low, high = found.comparison.ci95
                    text += f", 95% interval of the difference {signed(low)} to {signed(high)}"
                yield f"{text}; this decides nothing."
