"""From what search sees of a hit to the probability that it answers: plain numbers, kept in the bundle.

Platt's logistic curve or isotonic regression (Niculescu-Mizil and Caruana 2005,
doi 10.1145/1102351.1102430); `calibrating` fits them.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from idiolect.errors import InputError
from idiolect.records import Record

Method = Literal["logistic", "isotonic"]
Floats = NDArray[np.float64]


class Curve(Record, frozen=True, kw_only=True):
    """A map from a hit's cosine and its lead to a probability; it falls with neither.

    The evidence is slope · cosine + lead_slope · lead + intercept.  "logistic": 1 / (1 + exp(−evidence));
    "isotonic": linear between the knots (`evidence`, `probabilities`), constant beyond the first and the last.
    """

    method: Method
    slope: float
    lead_slope: float
    intercept: float
    evidence: list[float] = []
    probabilities: list[float] = []

    def weigh(self, cosines: ArrayLike, leads: ArrayLike) -> Floats:
        """The evidence, of the shape of both."""
        return np.asarray(
            self.slope * np.asarray(cosines) + self.lead_slope * np.asarray(leads) + self.intercept
        )

    def probability(self, cosines: ArrayLike, leads: ArrayLike) -> Floats:
        """Of the shape of both."""
        evidence = self.weigh(cosines, leads)
        if self.method == "isotonic":
            return np.asarray(np.interp(evidence, self.evidence, self.probabilities))
        return np.asarray(1 / (1 + np.exp(-np.clip(evidence, -500, 500))))


def leads(scores: ArrayLike, of_first: ArrayLike, rival: float | None) -> Floats:
    """How far the score of each hit, best first, lies above the best one of another owner.

    `of_first`: which hits are the first one's owner's; `rival`: the best score that is not, None
    where there is none.  Below 0 for all others.  A cosine knows nothing of its rivals: a middling
    first hit far above the second is more often right than a good one among equals.  A fused score
    knows nothing else, since it is standardised query by query: hence both.
    """
    held = np.asarray(scores, np.float64)
    if rival is None:
        return np.zeros(len(held))
    return np.asarray(np.where(np.asarray(of_first), held - rival, held - held[:1]))


class Bin(Record, frozen=True, kw_only=True):
    """Hits of about one probability: their mean probability, the share that is relevant, their number."""

    probability: float
    relevant: float
    hits: int


class Abstention(Record, frozen=True, kw_only=True):
    """From which best probability on a query is answered, and what that gives on the measured queries.

    `precision`: of the queries that are answered, the share with a relevant document among their
    first hits, where as many queries have none to find as have one; `answered`: of those that have
    one, the share that is answered.
    """

    threshold: float
    precision: float
    answered: float


class ModeCalibration(Record, frozen=True, kw_only=True):
    """One mode of search.  `log_losses`: of each method, cross-validated over documents; the lower is taken.

    `queries`, `hits`, `relevant`: what it was fitted on.  `ece`: expected calibration error over the
    equal-mass `bins` of all hits on `measured_on`, `ece_first` of the queries' first hits alone;
    `abstention` is None where no threshold keeps the precision.
    """

    curve: Curve
    log_losses: dict[Method, float]
    queries: int
    hits: int
    relevant: int
    ece: float
    ece_first: float
    bins: list[Bin]
    measured_on: str
    measured_queries: int
    abstention: Abstention | None = None


class Calibration(Record, frozen=True, kw_only=True):
    """`calibration.json`: mode of search ("dense", "hybrid") → its curve, for the weights it was fitted on.

    `fitted_on`: whose queries, "labelled", "queries" or "masked"; `depth`: hits a query; `unit`: what
    was judged, and so leads over what: whole documents by their best chunk, or chunks.
    """

    weights: Literal["tuned", "base"]
    fitted_on: str
    unit: Literal["document", "chunk"]
    depth: int
    precision: float
    modes: dict[str, ModeCalibration]


def read_calibration(path: Path) -> Calibration | None:
    """What `path` holds; None where it is not there.  Raises InputError where it holds something else."""
    try:
        raw: Any = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(raw, type=Calibration)
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is no calibration ({error}): run `idiolect evaluate` again") from None
