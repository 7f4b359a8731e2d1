"""Other models beside base and tuned: what they find, how long they take, what they cost."""

from typing import Literal

from idiolect.evaluation.significance import Comparison
from idiolect.records import Record

Role = Literal["base", "tuned", "model", "bundle", "endpoint"]


class Speed(Record, frozen=True, kw_only=True):
    """`query_ms`: median of queries encoded one by one; `passages_per_second`: in batches; None if unknown.

    `measured`: the day, where vectors that were paid for earlier left nothing to measure now.
    """

    query_ms: float | None = None
    passages_per_second: float | None = None
    measured: str = ""


class Other(Record, frozen=True, kw_only=True):
    """One model of the table.  `datasets`: set → "dense", "hybrid" → metric → mean.

    `comparisons`: set → dense-tuned against its dense.  `price` is that of a million tokens, 0 on
    this machine, None where it is not known; `note` says why, or why nothing was measured at all.
    """

    name: str
    role: Role
    dimension: int = 0
    runtime: str = ""
    datasets: dict[str, dict[str, dict[str, float]]] = {}
    comparisons: dict[str, Comparison] = {}
    speed: Speed = Speed()
    price: float | None = None
    currency: str = "USD"
    note: str = ""
