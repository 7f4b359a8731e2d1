"""What a set of queries can tell: the smallest gain that it finds, and what hangs on it."""

from collections.abc import Mapping, Sequence

from idiolect.evaluation.labels import FEWEST_DECIDING, FEWEST_DOCUMENTS
from idiolect.evaluation.resampling import MIN_CLUSTERS
from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.slices import FEWEST_CLUSTERS, FEWEST_QUERIES
from idiolect.evaluation.wording import counted, label, listed, percent, share

DECIDE = "the verdict rests on them."
REPORTED = "they decide nothing."
OUTRANKED = "the queries that people asked decide."
OF_ALL_ROUNDS = "those about what is new decide, and a fall beyond chance of the others stops a promotion."
OF_ONE_ROUND = "they are a part of the test; a fall of them beyond chance stops a promotion."
TOO_FEW = (
    f"they do not decide ({FEWEST_DECIDING} from {FEWEST_DOCUMENTS} documents would), but a fall on them "
    "beyond chance stops a promotion."
)
GUARDS = "they did not choose what is kept of the training; a fall of more than 1% stops a promotion."
STEERED = "they chose what is kept of the training, which flatters the tuned runs, and decide nothing."
_NAMED = 8


def remark(comparison: Comparison, consequence: str, other: Comparison) -> str:
    """The minimum detectable effect of a comparison, and what follows from it.

    Runs that do not differ at all say nothing of what a set can tell: `other` then stands in.
    """
    asked = counted(comparison.n, "query", "queries")
    from_documents = f"from {counted(comparison.clusters, 'document', 'documents')}"
    if comparison.clusters < MIN_CLUSTERS:
        text = f"{asked} {from_documents} are too few to tell any gain from chance"
    elif comparison.mde == 0:
        text = f"{comparison.a} and {comparison.b} do not differ on these {asked} {from_documents}"
        if other.mde:
            text += f", which find only gains of about {_gain(other)} or more between {other.a} and {other.b}"
    else:
        text = f"{asked} {from_documents} find only gains of about {_gain(comparison)} or more"
    return f"{text}; {consequence}"


def guarded(scores: Mapping[str, Mapping[str, float]], kept: float) -> list[str]:
    """How the guards' selecting queries held at each share that was tried, down to the one that is `kept`.

    `scores`: share → "GUARD/KIND" → nDCG@10, "0" being the base; nothing is said where they are none.
    """
    if not scores:
        return []
    base = scores["0"]
    tried = []
    for name in [name for name in scores if name != "0"]:
        changes = [
            f"{guard} {percent(_relative(scores[name][guard], value))}" for guard, value in base.items()
        ]
        tried.append(f"at {share(float(name))} {listed(changes)}")
    return [f"Guards, on queries that do not judge: {'; '.join(tried)}. {share(kept)} was kept."]


def _relative(value: float, base: float) -> float | None:
    return (value - base) / base if base else None


def not_apart(small_slices: Sequence[str]) -> list[str]:
    """Which slices are too small to be compared apart, the first few by name; nothing where none is."""
    if not small_slices:
        return []
    more = ", …" if len(small_slices) > _NAMED else ""
    return [
        f"Not compared apart, with fewer than {FEWEST_QUERIES} queries or {FEWEST_CLUSTERS} documents: "
        f"{', '.join(small_slices[:_NAMED])}{more}."
    ]


def _gain(comparison: Comparison) -> str:
    return f"{comparison.mde:.3f} {label(comparison.metric)}"
