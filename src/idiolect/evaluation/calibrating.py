"""Fitting a calibration on judged queries, and measuring what it is worth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from idiolect.errors import MissingExtra
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.calibration import Abstention, Bin, Curve, Floats, Method, ModeCalibration, leads
from idiolect.evaluation.retrieval import Run

DEPTH = 10
"""How many first hits of a query are looked at."""

PRECISION = 0.67
"""What the default threshold of abstaining keeps."""

BINS = 10

FEWEST_EITHER = 10
"""Relevant hits, and irrelevant ones, from which a curve is fitted at all."""

FEWEST_ISOTONIC = 100
"""Relevant hits from which isotonic regression is tried: with fewer its steps are noise."""

FOLDS = 5

_FEWEST_ANSWERED = 20  # queries from which a precision is one
_RIDGE = 1e3  # scikit-learn's C: next to no penalty, but separable hits keep a finite slope

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """Hits, or first hits: float64 [hits] each."""

    cosines: Floats
    leads: Floats

    def __len__(self) -> int:
        return len(self.cosines)

    def __getitem__(self, rows: NDArray[np.int64]) -> "Scored":
        return Scored(self.cosines[rows], self.leads[rows])


@dataclass(frozen=True)
class Hits:
    """The first DEPTH hits of judged queries.

    A row each: `scored`, `relevant`, `groups` (the number of the query's cluster), `first`.  A row a
    query: `found` (whether a relevant document is among its hits) and `without` (its first hit,
    were its relevant documents not there).
    """

    scored: Scored
    relevant: Flags
    groups: NDArray[np.int64]
    first: Flags
    found: Flags
    without: Scored

    @property
    def enough(self) -> bool:
        count = int(self.relevant.sum())
        return min(count, len(self.relevant) - count) >= FEWEST_EITHER

    @property
    def best(self) -> Scored:
        return self.scored[np.flatnonzero(self.first)]


def hits_of(dataset: Dataset, run: Run, documents: Mapping[str, str] | None = None) -> Hits:
    """What a run found first; a query that it found nothing for is left out.

    Unjudged documents count as irrelevant: nobody has said that they are not.  `documents`: chunk →
    its document, where chunks are judged: `without` is without the others of a relevant one's document,
    which answer as well more often than not.
    """
    names = list(dataset.clusters.values())
    if len(set(names)) < FOLDS:  # one long document, say: then its queries are all that can be told apart
        names = list(dataset.queries)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    columns: list[tuple[float, float, bool, int, bool]] = []
    found: list[bool] = []
    without: list[tuple[float, float]] = []
    for query, name in zip(dataset.queries, names, strict=True):
        scores, cosines = run.scores[query].astype(np.float64), run.cosines[query].astype(np.float64)
        if not len(scores):
            continue
        relevant = np.array([dataset.qrels[query].get(document, 0) > 0 for document in run.rankings[query]])
        ahead = leads(scores, np.arange(len(scores)) == 0, scores[1] if len(scores) > 1 else None)
        columns += [
            (cosines[place], ahead[place], bool(relevant[place]), numbers[name], place == 0)
            for place in range(min(DEPTH, len(scores)))
        ]
        found.append(bool(relevant[:DEPTH].any()))
        answering = [document for document, grade in dataset.qrels[query].items() if grade > 0]
        others = _strangers(run.rankings[query], answering, documents or {})
        without.append(
            (cosines[others[0]], scores[others[0]] - scores[others[1]]) if len(others) > 1 else (-1.0, 0.0)
        )
    table = np.array(columns, np.float64).reshape(-1, 5)
    bare = np.array(without, np.float64).reshape(-1, 2)
    return Hits(
        scored=Scored(table[:, 0], table[:, 1]),
        relevant=table[:, 2] > 0,
        groups=table[:, 3].astype(np.int64),
        first=table[:, 4] > 0,
        found=np.array(found, np.bool_),
        without=Scored(bare[:, 0], bare[:, 1]),
    )


def _strangers(
    ranking: Sequence[str], answering: Sequence[str], documents: Mapping[str, str]
) -> Sequence[int]:
    """The places of what has nothing to do with the `answering`; where that leaves no two, of all others."""
    theirs = {documents.get(found, found) for found in answering}
    places = [place for place, found in enumerate(ranking) if documents.get(found, found) not in theirs]
    others = [place for place, found in enumerate(ranking) if found not in answering]
    return places if len(places) > 1 else others


def calibrate(dev: Hits, measured_on: str, test: Hits | None = None) -> ModeCalibration:
    """The curve that fits `dev` best, and its error on `test`; where there is none, cross-fitted on `dev`.

    Raises MissingExtra without scikit-learn.
    """
    methods: list[Method] = ["logistic"]
    if dev.relevant.sum() >= FEWEST_ISOTONIC:
        methods.append("isotonic")
    crossed = {method: _cross_fitted(dev, method) for method in methods}
    losses = {method: log_loss(found, dev.relevant) for method, found in crossed.items()}
    method = min(methods, key=losses.__getitem__)
    curve = fit(dev.scored, dev.relevant, method)
    measured = dev if test is None else test
    probabilities = crossed[method] if test is None else _probability(curve, test.scored)
    ece, bins = expected_error(probabilities, measured.relevant)
    ece_first, _ = expected_error(probabilities[measured.first], measured.relevant[measured.first])
    threshold = abstain_below(curve, dev)
    return ModeCalibration(
        curve=curve,
        log_losses={name: round(loss, 5) for name, loss in losses.items()},
        queries=len(dev.found),
        hits=len(dev.scored),
        relevant=int(dev.relevant.sum()),
        ece=round(ece, 5),
        ece_first=round(ece_first, 5),
        bins=bins,
        measured_on=measured_on,
        measured_queries=len(measured.found),
        abstention=None if threshold is None else abstention(curve, measured, threshold),
    )


def fit(hits: Scored, relevant: Flags, method: Method) -> Curve:
    """A curve that falls with neither cosine nor lead; where both tell nothing it is flat.

    "isotonic" straightens what the logistic curve makes of the two.  Its ends stay off 0 and 1, by
    as much as one more hit of either kind would move them.
    """
    try:
        from sklearn.isotonic import IsotonicRegression
    except ModuleNotFoundError:
        raise MissingExtra("scikit-learn", "train") from None
    curve = _logistic(hits, relevant)
    if method == "logistic" or not (curve.slope or curve.lead_slope):
        return curve
    least = 1 / (len(hits) + 2)
    model = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    model.fit(curve.weigh(hits.cosines, hits.leads), relevant)
    return msgspec.structs.replace(
        curve,
        method="isotonic",
        evidence=[float(value) for value in model.X_thresholds_],
        probabilities=[float(value) for value in model.y_thresholds_],
    )


def _logistic(hits: Scored, relevant: Flags) -> Curve:
    """Fitted on cosine and lead, on the one of them that helps where the other would count against a hit."""
    from sklearn.linear_model import LogisticRegression

    rows = np.stack([hits.cosines, hits.leads], axis=1)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    for used in ([0, 1], [0], [1]):
        if relevant.all() or not relevant.any() or not np.all(deviation[used] > 0):
            continue
        model = LogisticRegression(C=_RIDGE).fit((rows - mean)[:, used] / deviation[used], relevant)
        if np.all(model.coef_ >= 0):
            slopes = np.zeros(2)
            slopes[used] = model.coef_[0] / deviation[used]
            intercept = float(model.intercept_[0] - slopes @ mean)
            return Curve(
                method="logistic", slope=float(slopes[0]), lead_slope=float(slopes[1]), intercept=intercept
            )
    count, total = int(relevant.sum()), len(relevant)
    odds = (count + 1) / (total - count + 1)
    return Curve(method="logistic", slope=0.0, lead_slope=0.0, intercept=float(np.log(odds)))


def _probability(curve: Curve, hits: Scored) -> Floats:
    return curve.probability(hits.cosines, hits.leads)


def _cross_fitted(hits: Hits, method: Method) -> Floats:
    """Each hit's probability by a curve fitted on other documents' queries."""
    probabilities = np.empty(len(hits.scored))
    groups = np.unique(hits.groups)
    for held_out in np.array_split(groups, min(FOLDS, len(groups))):
        held = np.isin(hits.groups, held_out)
        curve = fit(hits.scored[np.flatnonzero(~held)], hits.relevant[~held], method)
        probabilities[held] = _probability(curve, hits.scored[np.flatnonzero(held)])
    return probabilities


def log_loss(probabilities: Floats, relevant: Flags) -> float:
    """Mean negative log likelihood, in nats."""
    held = np.clip(np.where(relevant, probabilities, 1 - probabilities), 1e-12, 1)
    return float(-np.log(held).mean())


def expected_error(probabilities: Floats, relevant: Flags) -> tuple[float, list[Bin]]:
    """Expected calibration error over BINS bins of equally many hits, and the bins.

    Mean of |share that is relevant − mean probability|, each bin weighing its hits (Nguyen and
    O'Connor 2015, doi 10.18653/v1/D15-1182).
    """
    order = np.argsort(probabilities, kind="stable")
    parts: Sequence[NDArray[np.int64]] = [part for part in np.array_split(order, BINS) if len(part)]
    bins = [
        Bin(
            probability=round(float(probabilities[part].mean()), 5),
            relevant=round(float(relevant[part].mean()), 5),
            hits=len(part),
        )
        for part in parts
    ]
    gaps = [abs(probabilities[part].mean() - relevant[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / max(len(order), 1)), bins


def abstain_below(curve: Curve, hits: Hits) -> float | None:
    """The lowest best probability from which on PRECISION is kept; None where none keeps it.

    Queries without an answer are those at hand once more, their relevant documents taken away.
    """
    best, without = _probability(curve, hits.best), _probability(curve, hits.without)
    probabilities = np.concatenate([best, without])
    right = np.concatenate([hits.found, np.zeros(len(without), np.bool_)])
    order = np.argsort(-probabilities, kind="stable")
    held, answered = probabilities[order], np.arange(1, len(order) + 1)
    precision = np.cumsum(right[order]) / answered
    last_of_equals = np.append(held[1:] < held[:-1], True)
    kept = np.flatnonzero((precision >= PRECISION) & (answered >= _FEWEST_ANSWERED) & last_of_equals)
    return math.floor(held[kept[-1]] * 10_000) / 10_000 if len(kept) else None


def abstention(curve: Curve, hits: Hits, threshold: float) -> Abstention:
    """What a threshold gives on queries, half of which have no answer."""
    with_answer = _probability(curve, hits.best) >= threshold
    without = _probability(curve, hits.without) >= threshold
    answered = int(with_answer.sum() + without.sum())
    right = int((with_answer & hits.found).sum())
    return Abstention(
        threshold=threshold,
        precision=round(right / answered, 4) if answered else 0.0,
        answered=round(float(with_answer.mean()), 4),
    )
