"""The model card within a bill of materials: CycloneDX's `modelCard`, with the report's own figures, unrounded."""

from collections.abc import Iterator
from typing import Any

import msgspec

from idiolect.evaluation.closing import ordered
from idiolect.evaluation.significance import Comparison
from idiolect.lifecycle.cards.described import Described
from idiolect.lifecycle.cards.limits import limits, privacy

Part = dict[str, Any]


def model_card(described: Described) -> Part:
    made_from = {"documents": described.corpus, "queries": described.written}
    parameters: Part = {
        "task": "sentence-similarity",
        "architectureFamily": "linear map" if described.base.endpoint else "transformer",
        "modelArchitecture": described.architecture,
        "datasets": [{"ref": name} for name, held in made_from.items() if held is not None],
        "inputs": [{"format": "text/plain"}],
        "outputs": [{"format": f"float32 vector of {described.manifest.dimension} dimensions, unit length"}],
    }
    considerations = {
        "useCases": ["search over documents like those that it was made from"],
        "technicalLimitations": limits(described),
        "performanceTradeoffs": list(_tradeoffs(described)),
        "ethicalConsiderations": list(_risks(described)),
    }
    metrics = {"performanceMetrics": list(_metrics(described))}
    return {
        "modelParameters": {name: value for name, value in parameters.items() if value},
        **({"quantitativeAnalysis": metrics} if described.report else {}),
        "considerations": {name: value for name, value in considerations.items() if value},
    }


def _metrics(described: Described) -> Iterator[Part]:
    """Every mean of every run, then the comparisons: of all queries, and of slices of those that decide."""
    for name, dataset in described.datasets.items():
        for run in ordered(dataset):
            for metric, value in dataset.runs[run].items():
                interval = dataset.intervals.get(run, {}).get(metric)
                yield _metric(metric, value, f"{name}/{run}", interval)
        for comparison in dataset.comparisons:
            yield _difference(comparison, name)
    report = described.report
    for decision in report.decisions.values() if report else ():
        for found in decision.slices:
            yield _difference(found.comparison, f"{report.decided_on if report else ''}, {found.label}")


def _difference(comparison: Comparison, where: str) -> Part:
    between = f"{where}/{comparison.b} against {comparison.a}"
    return _metric(f"{comparison.metric} difference", comparison.delta, between, comparison.ci95)


def _metric(kind: str, value: float, where: str, interval: tuple[float, float] | None) -> Part:
    part: Part = {"type": kind, "value": written(value), "slice": where}
    if interval is not None:
        low, high = interval
        part["confidenceInterval"] = {"lowerBound": written(low), "upperBound": written(high)}
    return part


def written(value: float) -> str:
    """A figure as report.json has it."""
    return msgspec.json.encode(value).decode()


def _tradeoffs(described: Described) -> Iterator[str]:
    report = described.report
    if report is None:
        return
    for size, row in report.dimensions.items() if described.tuned else ():
        yield f"cut to {size} dimensions: nDCG@10 {written(row['ndcg@10'])}, {row['bytes_per_vector']} bytes a vector"
    for size, rows in report.compression.items():
        for precision, row in rows.items():
            yield (
                f"{size} dimensions in {precision}: nDCG@10 {written(row['ndcg@10'])}, {row['bytes_per_vector']} "
                "bytes a vector"
            )


def _risks(described: Described) -> Iterator[Part]:
    corpus = described.corpus
    if described.llm:
        yield {
            "name": "Passages of the documents were sent to an LLM.",
            "mitigationStrategy": "A document with the verdict no-llm is never sent.",
        }
    if corpus and corpus.masked:
        yield {
            "name": "The documents held personal data or secrets.",
            "mitigationStrategy": "What was found was masked before anything was trained or sent.",
        }
    yield from ({"name": note} for note in privacy(described))
