"""evaluate: base and tuned side by side on the frozen test and on given BEIR sets; the decisions, the verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from idiolect.evaluation import remarks
from idiolect.evaluation.advice import what_next
from idiolect.evaluation.beir import Dataset, load_dataset, read_queries
from idiolect.evaluation.evaluated import Evaluated, Sets
from idiolect.evaluation.guards import judging
from idiolect.evaluation.labels import NAME
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.page import write_report
from idiolect.evaluation.query_rows import query_rows
from idiolect.evaluation.report import Decision, Report
from idiolect.evaluation.retrieval import Run, retrieve
from idiolect.evaluation.significance import LEVEL, Comparison
from idiolect.evaluation.verdict import Guard, decide, sentence
from idiolect.evaluation.wording import evidence
from idiolect.files import read_json, read_jsonl, write_jsonl
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Fusion, Query, Selection
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import base_encoder, encode, model_encoder
from idiolect.teachers.reporting.synthetic_report import read_synthetic_report

DEPTH = 100

STEERING = f"{NAME}-dev"
"""What the set is called whose queries chose on dev."""
SYNTHETIC = "queries"
"""The dev set that the teacher's queries make, in WORK/dev."""

_NOTABLE_FALL = 0.005  # in units of the metric, where chance is not ruled out


@dataclass(frozen=True)
class _Sides:
    """The two models that are compared, each with its own fusion."""

    base: CachedEncoder
    tuned: CachedEncoder
    fusion: Mapping[str, Fusion]


def run(context: Context) -> Summary:
    work, config = context.workspace, context.config
    selection = msgspec.convert(read_json(work.require(work.selection, "train")), Selection)
    work.require(work.model, "train")
    base = base_encoder(context)
    tuned = model_encoder(context, work.model) if selection.share else base
    sides = _Sides(base, tuned, selection.fusion)

    test = _evaluate(load_dataset(work.require(work.test, "prepare")), sides, context)
    people = _asked_by_people(context)
    labelled = {split: _evaluate(dataset, sides, context) for split, dataset in people.items()}
    dev = [_evaluate(dataset, sides, context) for dataset in _dev_sets(context, "dev" in labelled)]
    names = {"test", NAME, STEERING, f"{SYNTHETIC}-dev"}
    sets = Sets(
        test=test,
        labelled=labelled.get("test"),
        steering=labelled.get("dev"),
        beir=_given(config.evaluate.beir, load_dataset, names, sides, context),
        guards=_given(config.evaluate.guard, judging, names, sides, context),
    )
    report = _report(context, selection, sides, sets)
    write_report(report, work.report, work.report_page, read_synthetic_report(work.generate_report))
    write_jsonl(work.per_query, query_rows(sets, dev))
    context.progress.note(f"verdict: {report.verdict}")
    return {
        "verdict": report.verdict,
        "runs": {name: dataset.runs for name, dataset in report.datasets.items()},
    }


def _asked_by_people(context: Context) -> dict[str, Dataset]:
    """The labelled test queries; where there are none, those of dev, which then are all that there is to show."""
    folder = context.workspace.labelled
    for split, name in (("test", NAME), ("dev", STEERING)):
        if (folder / "qrels" / f"{split}.tsv").is_file():
            return {split: replace(load_dataset(folder, split), name=name)}
    return {}


def _dev_sets(context: Context, with_people: bool) -> list[Dataset]:
    """The dev sets that queries make, for the per-query results alone; people's unless they are reported on.

    Masked pseudo-queries are none: that a passage is not found by what was cut out of it is no failure.
    """
    folders = [context.workspace.dev_sets / name for name in (SYNTHETIC, *([] if with_people else [NAME]))]
    return [
        replace(load_dataset(folder, "dev"), name=f"{folder.name}-dev")
        for folder in folders
        if folder.is_dir()
    ]


def _given(
    folders: Sequence[str], load: Callable[[Path], Dataset], taken: set[str], sides: _Sides, context: Context
) -> list[Evaluated]:
    """Given BEIR folders, each under its path where another set has its name already."""
    found = []
    for folder in folders:
        dataset = load(Path(folder))
        if dataset.name in taken:
            dataset = replace(dataset, name=folder)
        taken.add(dataset.name)
        found.append(_evaluate(dataset, sides, context))
    return found


def _evaluate(dataset: Dataset, sides: _Sides, context: Context) -> Evaluated:
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
        owners = dataset.owners_of(corpus.ids)
        for kind, found in retrieve(dataset, corpus, queries, kinds, DEPTH, owners).items():
            runs[kind if kind == "bm25" else f"{kind}-{side}"] = found
    return Evaluated(dataset, runs)


def _report(context: Context, selection: Selection, sides: _Sides, sets: Sets) -> Report:
    config = context.config
    metric, target, seed = config.evaluate.metric, config.train.target, config.seed
    judge = sets.deciding
    pairs = {"dense": ("dense-base", "dense-tuned"), "retriever": (judge.best_base(metric), "hybrid-tuned")}
    chosen: Literal["dense", "retriever"] = "dense" if target == "embedding" else "retriever"
    other: Literal["dense", "retriever"] = "retriever" if chosen == "dense" else "dense"
    decisions: dict[Literal["dense", "retriever"], Decision] = {
        "dense": _decision(sets, *pairs["dense"], metric, seed, chosen == "dense"),
        "retriever": _decision(sets, *pairs["retriever"], metric, seed, chosen == "retriever"),
    }
    deciding = decisions[chosen]
    teacher = next((query.teacher for query in read_jsonl(context.workspace.queries, Query)), "")
    datasets = {
        found.name: found.report(metric, seed, pairs[chosen], **_role(sets, found, selection))
        for found in sets.all
    }
    won, lost = judge.examples(*pairs[chosen], metric)
    counts = _counts(context, sets)
    return Report(
        verdict=deciding.verdict,
        sentence=deciding.sentence,
        decisions=decisions,
        datasets=datasets,
        dimensions=_dimensions(judge, sides, selection),
        target=target,
        metric=metric,
        decided_on=judge.name,
        base=sides.base.runtime.files.name,
        teacher=teacher,
        won=won,
        lost=lost,
        depth=DEPTH,
        fusion=selection.fusion,
        counts=counts,
        warnings=_warnings(sets, pairs[chosen], metric, seed, decisions[other], selection),
        notes=_notes(selection, teacher if judge is sets.test else "", judge.small_slices),
        what_next=what_next(
            deciding.verdict,
            deciding.comparison,
            datasets[judge.name].runs,
            teacher=teacher.split(":")[0],
            labelled=counts["queries that people asked"],
            target=target,
            guards=deciding.guards,
            slices=deciding.slices,
            asked=deciding.asked,
            people_decide=judge is sets.labelled,
        ),
    )


def _decision(sets: Sets, a: str, b: str, metric: str, seed: int, decides: bool) -> Decision:
    judge = sets.deciding
    comparison = judge.compare(a, b, metric, seed)
    slices = judge.compare_slices(a, b, metric, seed)
    held = [
        Guard(name=guard.name, metric=metric, base=guard.mean(a, metric), tuned=guard.mean(b, metric))
        for guard in sets.guards
    ]
    asked = None
    if sets.labelled is not None and judge is not sets.labelled:
        asked = sets.labelled.compare(a, b, metric, seed)
    return Decision(
        verdict=decide(comparison, held, slices, asked),
        decides=decides,
        sentence=sentence(comparison, held, slices, asked),
        comparison=comparison,
        guards=held,
        slices=slices,
        asked=asked,
    )


def _role(sets: Sets, found: Evaluated, selection: Selection) -> dict[str, Any]:
    """Whose queries a set holds, whether it decides, and what hangs on it."""
    if found is sets.test:
        kind, consequence = "synthetic", remarks.OUTRANKED
    elif found is sets.labelled:
        kind, consequence = "asked by people", remarks.TOO_FEW
    elif found is sets.steering:
        kind = "asked by people, used on dev"
        consequence = remarks.STEERED if selection.judged_by == NAME else remarks.REPORTED
    elif any(found is guard for guard in sets.guards):
        kind, consequence = "a guard", remarks.GUARDS
    else:
        kind, consequence = "a given BEIR set", remarks.REPORTED
    decides = found is sets.deciding
    return {"kind": kind, "consequence": remarks.DECIDE if decides else consequence, "decides": decides}


def _counts(context: Context, sets: Sets) -> dict[str, int]:
    judge, queries = sets.deciding.dataset, context.workspace.labelled / "queries.jsonl"
    return {
        "documents": len(set(judge.clusters.values())),
        "test queries": len(judge.queries),
        "queries that people asked": len(read_queries(queries)) if queries.is_file() else 0,
    }


def _dimensions(judge: Evaluated, sides: _Sides, selection: Selection) -> dict[str, dict[str, int | float]]:
    """nDCG@10 of the tuned model's vectors cut to each trained dimension and made unit length again."""
    dataset = judge.dataset
    passages = list(dataset.corpus.values())
    vectors = sides.tuned.encode([passage.full_text for passage in passages], "passage")
    queries = sides.tuned.encode(list(dataset.queries.values()), "query")
    table: dict[str, dict[str, int | float]] = {}
    for size in selection.dimensions:
        corpus = Corpus(passages, _cut(vectors, size), Fusion(weight=0.0))
        owners = dataset.owners_of(corpus.ids)
        found = retrieve(dataset, corpus, _cut(queries, size), ("dense",), owners=owners)["dense"]
        score = aggregate(found.values, dataset.queries)["ndcg@10"]
        table[str(size)] = {"ndcg@10": score, "bytes_per_vector": 4 * size}
    return table


def _cut(vectors: np.ndarray, size: int) -> np.ndarray:
    shorter = vectors[:, :size]
    lengths = np.linalg.norm(shorter, axis=1, keepdims=True)
    result: np.ndarray = shorter / np.maximum(lengths, 1e-12)
    return result


def _warnings(
    sets: Sets, pair: tuple[str, str], metric: str, seed: int, other: Decision, selection: Selection
) -> list[str]:
    """Training that dev did not like, and where what does not decide falls."""
    warnings = []
    if not selection.share:
        warnings.append(
            "no share of what training changed did better on dev without costing the other side of search"
            f"{' or falling on a guard' if selection.guards else ''}: the tuned model is the base."
        )
    if _falls(other.comparison):
        warnings.append(f"the comparison that does not decide falls: {other.sentence}")
    if sets.deciding is not sets.test:
        synthetic = sets.test.compare(*pair, metric, seed)
        if _falls(synthetic):
            warnings.append(
                f"the synthetic queries, which do not decide, fall: {synthetic.b} against {synthetic.a} "
                f"({evidence(synthetic)})."
            )
    return warnings


def _falls(comparison: Comparison) -> bool:
    return comparison.delta < 0 and (comparison.p < LEVEL or comparison.delta < -_NOTABLE_FALL)


def _weight(selection: Selection, side: str) -> str:
    chosen = f"{selection.fusion[side].weight:g}"
    if side not in selection.weight_intervals:
        return chosen
    low, high = selection.weight_intervals[side]
    return f"{chosen} (other draws of them: {low:g} to {high:g})"


def _notes(selection: Selection, judged_by: str, small_slices: Sequence[str]) -> list[str]:
    """How dev chose; `judged_by` is the teacher whose queries decide, "" where people's do."""
    weighed = "masked pseudo-queries" + (
        " and queries that people asked" if NAME in selection.weight_curves else ""
    )
    notes = [
        f"{100 * selection.share:g}% of the weights' change was kept, chosen on dev ({selection.judged_by}).",
        f"Fusion weights, chosen on {weighed}: base {_weight(selection, 'base')}, "
        f"tuned {_weight(selection, 'tuned')}.",
    ]
    if judged_by == "extractive":
        notes.append(
            "The test queries are headings and definitions cut out of the documents, styles that training "
            "never saw; queries that people asked would be a better judge."
        )
    return [*notes, *remarks.guarded(selection.guards, selection.share), *remarks.not_apart(small_slices)]
