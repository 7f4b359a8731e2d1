"""What to try next where training gained nothing: each suggestion rests on a figure of this run."""

import math
from collections.abc import Mapping, Sequence

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
) -> list[str]:
    """A few sentences, the most telling first; none where the tuned model was promoted and ships.

    `runs`: run → metric → mean on the deciding set.  `teacher`: who wrote the training queries;
    `labelled`: how many queries people gave; `target`: the config's train.target.
    """
    if verdict == "promote":
        return []
    values = {run: means[comparison.metric] for run, means in runs.items() if comparison.metric in means}
    found = [
        _fusion(values, comparison.metric, target),
        _more_queries(comparison),
        _fell(guards, slices),
        _little_room(comparison),
        _llm(teacher),
        _labels(labelled),
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


def _more_queries(comparison: Comparison) -> str:
    """The noise shrinks with the square root of the number of queries."""
    if comparison.mde < _COARSE and not 0 < comparison.delta < comparison.mde:
        return ""
    have = f"{counted(comparison.n, 'query', 'queries')} from {counted(comparison.clusters, 'document', 'documents')}"
    text = f"Test on more: {have} find only gains of about {comparison.mde:.3f} or more"
    if SMALLEST_GAIN <= comparison.delta < comparison.mde < 1:
        needed = math.ceil(comparison.n * (comparison.mde / comparison.delta) ** 2)
        text += f", and settling the {signed(comparison.delta)} seen here would take about {needed:,} queries"
    return f"{text}; ingest more documents or raise prepare.test_fraction."


def _fell(guards: Sequence[Guard], slices: Sequence[SliceResult]) -> str:
    if not failures(guards, slices):
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


def _labels(labelled: int) -> str:
    if labelled:
        return ""
    return (
        "Look at queries that people asked: put them in a BEIR folder (corpus.jsonl, queries.jsonl, "
        "qrels/test.tsv) and add --beir DIR."
    )
