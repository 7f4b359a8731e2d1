"""What to try next where training gained nothing: each suggestion rests on a figure of this run."""

import math
from collections.abc import Mapping, Sequence

from idiolect.evaluation.labels import FEWEST_DECIDING, FEWEST_DOCUMENTS, FEWEST_STEERING
from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.slices import SliceResult
from idiolect.evaluation.verdict import SMALLEST_GAIN, Guard, Verdict, failures
from idiolect.evaluation.wording import counted, label, signed

_COARSE = 0.02
_NEARLY_SOLVED = 0.9
_MOST = 5


def what_next(
    verdict: Verdict,
    comparison: Comparison,
    runs: Mapping[str, Mapping[str, float]],
    *,
    teacher: str,
    labelled: int,
    target: str,
    guards: Sequence[Guard] = (),
    slices: Sequence[SliceResult] = (),
    asked: Comparison | None = None,
    people_decide: bool = False,
) -> list[str]:
    """A few sentences, the most telling first; none where the tuned model was promoted and ships.

    `runs`: run → metric → mean on the deciding set.  `teacher`: who wrote the training queries;
    `labelled`: how many queries people gave, `asked` what those say that are too few to decide,
    `people_decide` that they are enough; `target`: the config's train.target.
    """
    if verdict == "promote":
        return []
    values = {run: means[comparison.metric] for run, means in runs.items() if comparison.metric in means}
    found = [
        _fusion(values, comparison.metric, target),
        _more_queries(comparison, people_decide),
        _fell(guards, slices, asked),
        _little_room(comparison),
        _llm(teacher),
        _labels(labelled, people_decide),
    ]
    return [text for text in found if text][:_MOST]


def _fusion(values: Mapping[str, float], metric: str, target: str) -> str:
    dense = values.get("dense-base")
    if target == "retriever" or dense is None or values.get("hybrid-base", 0.0) - dense < SMALLEST_GAIN:
        return ""
    hybrid = values["hybrid-base"]
    return (
        f"Fuse with BM25: without any training hybrid-base has {hybrid:.3f} {label(metric)} against "
        f"{dense:.3f} ({signed(hybrid - dense)}); use `idiolect search --mode hybrid`, and "
        'train.target = "retriever" to tune for it.'
    )


def _more_queries(comparison: Comparison, people_decide: bool) -> str:
    """The noise shrinks with the square root of the number of queries."""
    if comparison.mde < _COARSE and not 0 < comparison.delta < comparison.mde:
        return ""
    have = f"{counted(comparison.n, 'query', 'queries')} from {counted(comparison.clusters, 'document', 'documents')}"
    text = f"Test on more: {have} find only gains of about {comparison.mde:.3f} or more"
    if SMALLEST_GAIN <= comparison.delta < comparison.mde < 1:
        needed = math.ceil(comparison.n * (comparison.mde / comparison.delta) ** 2)
        text += f", and settling the {signed(comparison.delta)} seen here would take about {needed:,} queries"
    if people_decide:
        return f"{text}; give more queries with --queries."
    return f"{text}; ingest more documents or raise prepare.test_fraction."


def _fell(guards: Sequence[Guard], slices: Sequence[SliceResult], asked: Comparison | None) -> str:
    if not failures(guards, slices, asked):
        return ""
    return 'Change the model less: a lower train.learning_rate, or train.adapter = "last-layers".'


def _little_room(comparison: Comparison) -> str:
    if comparison.a_mean < _NEARLY_SOLVED:
        return ""
    return (
        f"Check that these queries are hard enough: {comparison.a} already has "
        f"{comparison.a_mean:.3f} {label(comparison.metric)}, which leaves little to gain."
    )


def _llm(teacher: str) -> str:
    if teacher == "llm":
        return ""
    return (
        "Let an LLM write the training queries: set generate.base_url and generate.model "
        "(any OpenAI-compatible endpoint); queries cut from the documents teach less."
    )


def _labels(labelled: int, people_decide: bool) -> str:
    if people_decide:
        return ""
    if not labelled:
        return (
            "Give queries that people asked: --queries FILE, a CSV of query and document, or "
            f"--queries FILE --qrels FILE as in BEIR. {FEWEST_STEERING} choose what is kept of the training, "
            f"{FEWEST_DECIDING} more give the verdict."
        )
    return (
        f"Let more queries that people asked judge, of {labelled:,} given: {FEWEST_STEERING} for dev choose what "
        f"is kept of the training, {FEWEST_DECIDING} for test from {FEWEST_DOCUMENTS} documents give the verdict."
    )
