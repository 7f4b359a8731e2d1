"""evaluate: base and tuned side by side on the frozen test and on given BEIR sets; the decisions, the verdict."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from idiolect.evaluation import remarks
from idiolect.evaluation.advice import what_next
from idiolect.evaluation.beir import FRESH, Dataset, load_dataset, read_queries
from idiolect.evaluation.evaluated import Evaluated, Sets, by_round
from idiolect.evaluation.guards import judging
from idiolect.evaluation.labels import NAME
from idiolect.evaluation.page import write_report
from idiolect.evaluation.query_rows import query_rows
from idiolect.evaluation.report import Decision, Report
from idiolect.evaluation.retrieval import KINDS, Run
from idiolect.evaluation.significance import LEVEL, Comparison
from idiolect.evaluation.verdict import Guard, decide, sentence
from idiolect.evaluation.wording import evidence
from idiolect.files import read_json, read_jsonl, remove, write_json, write_jsonl
from idiolect.records import Query, Selection
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import Side, Sides, base_encoder, model_encoder
from idiolect.stages.ranking import DEPTH, rank
from idiolect.stages.uses import with_uses
from idiolect.teachers.reporting.synthetic_report import read_synthetic_report

STEERING = f"{NAME}-dev"
"""What the set is called whose queries chose on dev."""
SYNTHETIC = "queries"
"""The dev set that the teacher's queries make, in WORK/dev."""

_NOTABLE_FALL = 0.005  # in units of the metric, where chance is not ruled out


def run(context: Context) -> Summary:
    work, config = context.workspace, context.config
    selection = msgspec.convert(read_json(work.require(work.selection, "train")), Selection)
    work.require(work.model, "train")
    base = base_encoder(context)
    tuned = model_encoder(context, work.model) if selection.share else base
    sides = Sides(base, tuned, selection.fusion)

    test = _evaluate(load_dataset(work.require(work.test, "prepare")), sides, context)
    people = _asked_by_people(context)
    labelled = {split: _evaluate(dataset, sides, context) for split, dataset in people.items()}
    dev = [_evaluate(dataset, sides, context) for dataset in _dev_sets(context, "dev" in labelled)]
    names = {"test", NAME, STEERING, f"{SYNTHETIC}-dev", *(part.name for part in by_round(test).values())}
    sets = Sets(
        test=test,
        rounds=by_round(test),
        labelled=labelled.get("test"),
        steering=labelled.get("dev"),
        beir=_given(config.evaluate.beir, load_dataset, names, sides, context),
        guards=_given(config.evaluate.guard, judging, names, sides, context),
    )
    report = with_uses(_report(context, selection, sides, sets), context, sides, sets, selection)
    if report.calibration is None:
        remove(work.calibration)
    else:
        write_json(work.calibration, report.calibration)
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
    folders: Sequence[str], load: Callable[[Path], Dataset], taken: set[str], sides: Sides, context: Context
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


def _evaluate(dataset: Dataset, sides: Sides, context: Context) -> Evaluated:
    runs: dict[str, Run] = {}
    lexical: Any = None
    both: tuple[tuple[Side, tuple[str, ...]], ...] = (("base", KINDS), ("tuned", ("dense", "hybrid")))
    for side, kinds in both:
        found, corpus = rank(
            dataset, sides.encoder(side), sides.fusion[side], kinds, context.progress, side, lexical
        )
        lexical = corpus.bm25
        runs |= {kind if kind == "bm25" else f"{kind}-{side}": run for kind, run in found.items()}
    return Evaluated(dataset, runs)


def _report(context: Context, selection: Selection, sides: Sides, sets: Sets) -> Report:
    config = context.config
    metric, target, seed = config.evaluate.metric, config.train.target, config.seed
    judge, sliced = sets.deciding, sets.sliced
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
        notes=_notes(selection, "" if sets.people_decide else teacher, sliced.small_slices),
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
            people_decide=sets.people_decide,
        ),
    )


def _decision(sets: Sets, a: str, b: str, metric: str, seed: int, decides: bool) -> Decision:
    judge = sets.deciding
    comparison = judge.compare(a, b, metric, seed)
    slices = sets.sliced.compare_slices(a, b, metric, seed)
    held = [
        Guard(name=guard.name, metric=metric, base=guard.mean(a, metric), tuned=guard.mean(b, metric))
        for guard in sets.guards
    ]
    asked = None
    if sets.labelled is not None and not sets.people_decide:
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
        kind = "synthetic"
        consequence = remarks.OUTRANKED if sets.people_decide else remarks.OF_ALL_ROUNDS
    elif any(found is part for part in sets.rounds.values()):
        fresh = found is sets.rounds[FRESH]
        kind = f"synthetic, of {'this round' if fresh else 'earlier rounds'}"
        consequence = remarks.OUTRANKED if sets.people_decide else remarks.OF_ONE_ROUND
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
    if sets.people_decide:
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
