"""evaluate: base and tuned side by side on the frozen test and on given BEIR sets; the decisions, the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from idiolect.evaluation.advice import what_next
from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.examples import pick_examples
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.page import write_report
from idiolect.evaluation.report import DatasetReport, Decision, Report
from idiolect.evaluation.retrieval import Run, retrieve
from idiolect.evaluation.significance import Comparison, compare, mean_interval
from idiolect.evaluation.slices import compare_slices
from idiolect.evaluation.verdict import Guard, decide, sentence
from idiolect.files import read_json, read_jsonl, write_jsonl
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Fusion, Query, Selection
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import base_encoder, encode, model_encoder

SHOWN_METRICS = ("ndcg@10", "recall@10")
DEPTH = 100

_NOTABLE_FALL = 0.005  # in units of the metric, where chance is not ruled out


@dataclass(frozen=True)
class _Sides:
    """The two models that are compared, each with its own fusion."""

    base: CachedEncoder
    tuned: CachedEncoder
    fusion: Mapping[str, Fusion]


@dataclass(frozen=True)
class _Evaluated:
    """A data set and the runs over it."""

    dataset: Dataset
    runs: dict[str, Run]

    def mean(self, run: str, metric: str) -> float:
        return aggregate(self.runs[run].values, self.dataset.queries)[metric]

    def compare(self, a: str, b: str, metric: str, seed: int) -> Comparison:
        first, second = self.runs[a].metric(metric), self.runs[b].metric(metric)
        return compare(first, second, self.dataset.clusters, seed, names=(a, b), metric=metric)

    def best_base(self, metric: str) -> str:
        """The better of dense and hybrid without training: what the shipped retriever must beat."""
        return max(("dense-base", "hybrid-base"), key=lambda run: self.mean(run, metric))


def run(context: Context) -> Summary:
    work, config = context.workspace, context.config
    selection = msgspec.convert(read_json(work.require(work.selection, "train")), Selection)
    work.require(work.model, "train")
    base = base_encoder(context)
    tuned = model_encoder(context, work.model) if selection.share else base
    sides = _Sides(base, tuned, selection.fusion)

    test = _evaluate(load_dataset(work.require(work.test, "prepare")), sides, context)
    names = {"test"}
    reported = [_evaluate(_given(folder, names), sides, context) for folder in config.evaluate.beir]
    guards = [_evaluate(_given(folder, names), sides, context) for folder in config.evaluate.guard]

    report = _report(context, selection, sides, test, reported, guards)
    write_report(report, work.report, work.report_page)
    write_jsonl(work.per_query, (row for found in (test, *reported, *guards) for row in _per_query(found)))
    context.progress.note(f"verdict: {report.verdict}")
    return {
        "verdict": report.verdict,
        "runs": {name: dataset.runs for name, dataset in report.datasets.items()},
    }


def _given(folder: str, taken: set[str]) -> Dataset:
    """A given BEIR folder, under its path where another set has its name already."""
    dataset = load_dataset(Path(folder))
    if dataset.name in taken:
        dataset = replace(dataset, name=folder)
    taken.add(dataset.name)
    return dataset


def _evaluate(dataset: Dataset, sides: _Sides, context: Context) -> _Evaluated:
    progress = context.progress
    passages = list(dataset.corpus.values())
    texts = [passage.full_text for passage in passages]
    questions = list(dataset.queries.values())
    runs: dict[str, Run] = {}
    lexical: Any = None
    for side, encoder in (("base", sides.base), ("tuned", sides.tuned)):
        vectors = encode(encoder, texts, "passage", progress, f"{dataset.name}: encoding passages ({side})")
        queries = encode(encoder, questions, "query", progress, f"{dataset.name}: encoding queries ({side})")
        corpus = Corpus(passages, vectors, sides.fusion[side], lexical)
        lexical = corpus.bm25
        kinds = ("dense", "bm25", "hybrid") if side == "base" else ("dense", "hybrid")
        for kind, found in retrieve(dataset, corpus, queries, kinds, DEPTH).items():
            runs[kind if kind == "bm25" else f"{kind}-{side}"] = found
    return _Evaluated(dataset, runs)


def _report(
    context: Context,
    selection: Selection,
    sides: _Sides,
    test: _Evaluated,
    reported: Sequence[_Evaluated],
    guards: Sequence[_Evaluated],
) -> Report:
    config = context.config
    metric, target = config.evaluate.metric, config.train.target
    decisions: dict[Literal["dense", "retriever"], Decision] = {
        "dense": _decision(
            test, guards, "dense-base", "dense-tuned", metric, config.seed, target == "embedding"
        ),
        "retriever": _decision(
            test, guards, test.best_base(metric), "hybrid-tuned", metric, config.seed, target == "retriever"
        ),
    }
    deciding, other = (
        (decisions["dense"], decisions["retriever"])
        if target == "embedding"
        else (decisions["retriever"], decisions["dense"])
    )
    teacher = next((query.teacher for query in read_jsonl(context.workspace.queries, Query)), "")
    datasets = {
        found.dataset.name: _dataset_report(found, metric, config.seed) for found in (*reported, *guards)
    }
    own = msgspec.structs.replace(
        _dataset_report(test, metric, config.seed), decides=True, kind="held-out documents' queries"
    )
    first, second = deciding.comparison.a, deciding.comparison.b
    won, lost = pick_examples(
        test.dataset,
        test.runs[first].rankings,
        test.runs[second].rankings,
        test.runs[first].metric(metric),
        test.runs[second].metric(metric),
    )
    return Report(
        verdict=deciding.verdict,
        sentence=deciding.sentence,
        decisions=decisions,
        datasets={"test": own, **datasets},
        dimensions=_dimensions(test, sides, selection),
        target=target,
        metric=metric,
        base=sides.base.runtime.files.name,
        teacher=teacher,
        won=won,
        lost=lost,
        depth=DEPTH,
        fusion=selection.fusion,
        counts={
            "documents": len(set(test.dataset.clusters.values())),
            "test queries": len(test.dataset.queries),
        },
        warnings=_warnings(other, selection),
        notes=_notes(selection, teacher),
        what_next=what_next(
            deciding.verdict,
            deciding.comparison,
            own.runs,
            teacher=teacher.split(":")[0],
            labelled=0,
            target=target,
            guards=deciding.guards,
            slices=deciding.slices,
        ),
    )


def _decision(
    test: _Evaluated, guards: Sequence[_Evaluated], a: str, b: str, metric: str, seed: int, decides: bool
) -> Decision:
    comparison = test.compare(a, b, metric, seed)
    slices = compare_slices(
        test.runs[a].metric(metric),
        test.runs[b].metric(metric),
        test.dataset.clusters,
        test.dataset.slices,
        seed,
        names=(a, b),
        metric=metric,
    )
    held = [
        Guard(name=guard.dataset.name, metric=metric, base=guard.mean(a, metric), tuned=guard.mean(b, metric))
        for guard in guards
    ]
    return Decision(
        verdict=decide(comparison, held, slices),
        decides=decides,
        sentence=sentence(comparison, held, slices),
        comparison=comparison,
        guards=held,
        slices=slices,
    )


def _dataset_report(found: _Evaluated, metric: str, seed: int) -> DatasetReport:
    dataset = found.dataset
    pairs = [
        ("dense-base", "dense-tuned"),
        ("hybrid-base", "hybrid-tuned"),
        ("dense-base", "hybrid-base"),
        ("dense-base", "hybrid-tuned"),
    ]
    return DatasetReport(
        runs={name: aggregate(run.values, dataset.queries) for name, run in found.runs.items()},
        comparisons=[found.compare(a, b, metric, seed) for a, b in pairs],
        intervals={
            name: {shown: mean_interval(run.metric(shown), dataset.clusters, seed) for shown in SHOWN_METRICS}
            for name, run in found.runs.items()
        },
        queries=len(dataset.queries),
        documents=len(dataset.corpus),
        clusters=len(set(dataset.clusters.values())),
        kind="a given BEIR set",
    )


def _dimensions(test: _Evaluated, sides: _Sides, selection: Selection) -> dict[str, dict[str, int | float]]:
    """nDCG@10 of the tuned model's vectors cut to each trained dimension and made unit length again."""
    dataset = test.dataset
    passages = list(dataset.corpus.values())
    vectors = sides.tuned.encode([passage.full_text for passage in passages], "passage")
    queries = sides.tuned.encode(list(dataset.queries.values()), "query")
    table: dict[str, dict[str, int | float]] = {}
    for size in selection.dimensions:
        corpus = Corpus(passages, _cut(vectors, size), Fusion(weight=0.0))
        found = retrieve(dataset, corpus, _cut(queries, size), ("dense",))["dense"]
        score = aggregate(found.values, dataset.queries)["ndcg@10"]
        table[str(size)] = {"ndcg@10": score, "bytes_per_vector": 4 * size}
    return table


def _cut(vectors: np.ndarray, size: int) -> np.ndarray:
    shorter = vectors[:, :size]
    lengths = np.linalg.norm(shorter, axis=1, keepdims=True)
    result: np.ndarray = shorter / np.maximum(lengths, 1e-12)
    return result


def _warnings(other: Decision, selection: Selection) -> list[str]:
    """Training that dev did not like, and the comparison that does not decide, where it falls."""
    warnings = []
    if not selection.share:
        warnings.append(
            "no share of what training changed did better on dev without costing the other side of search: "
            "the tuned model is the base."
        )
    comparison = other.comparison
    if comparison.delta < 0 and (comparison.p < 0.05 or comparison.delta < -_NOTABLE_FALL):
        warnings.append(f"the comparison that does not decide falls: {other.sentence}")
    return warnings


def _notes(selection: Selection, teacher: str) -> list[str]:
    notes = [
        f"{selection.share:.0%} of the weights' change was kept, chosen on dev ({selection.judged_by}).",
        f"Fusion weights, chosen on masked pseudo-queries: base {selection.fusion['base'].weight:g}, "
        f"tuned {selection.fusion['tuned'].weight:g}.",
    ]
    if teacher == "extractive":
        notes.append(
            "The test queries are headings and definitions cut out of the documents, styles that training "
            "never saw; queries that people asked would be a better judge."
        )
    return notes


def _per_query(found: _Evaluated) -> Iterator[dict[str, Any]]:
    dataset = found.dataset
    for query, text in dataset.queries.items():
        yield {
            "dataset": dataset.name,
            "query_id": query,
            "query": text,
            "style": dataset.slices[query],
            "cluster": dataset.clusters[query],
            "positives": sorted(key for key, grade in dataset.qrels[query].items() if grade > 0),
            "runs": {
                name: {"metrics": run.values[query], "top": run.rankings[query][:10]}
                for name, run in found.runs.items()
            },
        }
