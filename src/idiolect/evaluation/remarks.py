"""What a set of queries can tell: the smallest gain that it finds, and what hangs on it."""

from idiolect.evaluation.labels import FEWEST_DECIDING, FEWEST_DOCUMENTS
from idiolect.evaluation.resampling import MIN_CLUSTERS
from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.wording import counted, label

DECIDE = "the verdict rests on them."
REPORTED = "they decide nothing."
OUTRANKED = "the queries that people asked decide."
TOO_FEW = (
    f"they do not decide ({FEWEST_DECIDING} from {FEWEST_DOCUMENTS} documents would), but a fall on them "
    "beyond chance stops a promotion."
)
STEERED = "they chose what is kept of the training, which flatters the tuned runs, and decide nothing."


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


def _gain(comparison: Comparison) -> str:
    return f"{comparison.mde:.3f} {label(comparison.metric)}"
