"""What an evaluation found, as one record: `report.json` holds it, `page` and `closing` show it."""

from pathlib import Path
from typing import Literal

import msgspec

from idiolect.errors import InputError
from idiolect.evaluation.calibration import Calibration
from idiolect.evaluation.examples import Example
from idiolect.evaluation.others import Other
from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.slices import SliceResult
from idiolect.evaluation.tasks import TaskReport
from idiolect.evaluation.verdict import Guard, Verdict
from idiolect.records import Fusion, Record

RUNS = ("dense-base", "dense-tuned", "bm25", "hybrid-base", "hybrid-tuned")
"""The runs that stand together in every table, in their order."""

Interval = tuple[float, float]


class Decision(Record, frozen=True, kw_only=True):
    """One of the two comparisons that are always made; `decides` where train.target names it.

    `asked`: the same on queries that people asked, where those are too few to decide.
    """

    verdict: Verdict
    decides: bool
    sentence: str
    comparison: Comparison
    guards: list[Guard] = []
    slices: list[SliceResult] = []
    asked: Comparison | None = None


class DatasetReport(Record, frozen=True, kw_only=True):
    """One test set.  `runs`: run → metric → mean; `intervals`: run → metric → 95% interval.

    `decides` is False for sets that are only reported; `kind` says whose queries they are,
    `remark` how small a gain they can find, and what hangs on them.
    """

    runs: dict[str, dict[str, float]]
    comparisons: list[Comparison] = []
    intervals: dict[str, dict[str, Interval]] = {}
    queries: int = 0
    documents: int = 0
    clusters: int = 0
    decides: bool = False
    kind: str = ""
    remark: str = ""


class Report(Record, frozen=True, kw_only=True):
    """`verdict`, `decisions`, `datasets`, `dimensions` are the contract; the rest explains them.

    `decided_on` names the data set behind the verdict and the closing table; `dimensions`: dimension →
    {"ndcg@10": …, "bytes_per_vector": …, …}; `compression`: dimension → precision → the same, of the weights
    that are shipped; `tasks`, `against` (base and tuned first) and
    `calibration` decide nothing; `won`, `lost`: queries of the decided set; `depth`: how far the runs
    were ranked, so that an example's rank of None reads "below `depth`".
    """

    verdict: Verdict
    sentence: str
    decisions: dict[Literal["dense", "retriever"], Decision]
    datasets: dict[str, DatasetReport]
    dimensions: dict[str, dict[str, int | float]] = {}
    compression: dict[str, dict[str, dict[str, int | float]]] = {}
    tasks: dict[str, TaskReport] = {}
    against: list[Other] = []
    calibration: Calibration | None = None
    target: Literal["embedding", "retriever"] = "embedding"
    metric: str = "ndcg@10"
    decided_on: str = "test"
    base: str = ""
    teacher: str = ""
    won: list[Example] = []
    lost: list[Example] = []
    depth: int = 100
    fusion: dict[str, Fusion] = {}
    counts: dict[str, int] = {}
    warnings: list[str] = []
    notes: list[str] = []
    what_next: list[str] = []

    @property
    def promoted(self) -> bool:
        return self.verdict == "promote"

    @property
    def decided(self) -> DatasetReport:
        return self.datasets[self.decided_on]


def read_report(path: Path) -> Report:
    """Raises InputError where `path` is missing or no report."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is no report: {error}") from None
