"""`score`: any model, bundle or endpoint on any BEIR folder, or on texts with classes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.output import emit, print_table
from idiolect.errors import UsageError

EXTRA_RUNS = ("bm25", "hybrid")

SHOWN = ("ndcg@10", "recall@10", "recall@100", "mrr@10", "map@100")

_SEED = 13


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--beir", "folder", metavar="DIR", type=click.Path(path_type=Path), help="BEIR folder.")
@click.option("--split", default="test", show_default=True, help="Which qrels/SPLIT.tsv.")
@click.option("--with", "extra", default="", metavar="bm25,hybrid", help="Runs beside dense.")
@click.option(
    "--unit",
    type=click.Choice(["document", "chunk"]),
    default="document",
    show_default=True,
    help="Encode documents whole (cut at the model's length, as BEIR does), or take a document's best chunk.",
)
@click.option(
    "--task",
    "tasks",
    type=click.Choice(["classification", "clustering"]),
    multiple=True,
    help="Tell classes by the nearest neighbours, or find them by k-means; needs --data. Repeatable.",
)
@click.option(
    "--data",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Texts with classes: a folder of folders, or a CSV, TSV or JSONL with a column of labels.",
)
@click.option("--text-column", default="", metavar="NAME", help="That file's column of texts.")
@click.option("--label-column", default="", metavar="NAME", help="That file's column of labels.")
@options.reporting
def score(
    models: tuple[str, ...],
    folder: Path | None,
    split: str,
    extra: str,
    unit: str,
    tasks: tuple[str, ...],
    data: Path | None,
    text_column: str,
    label_column: str,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Score models (directories, bundles, hub names, endpoint URLs as URL#MODEL).

    On a BEIR folder with --beir, or on texts with classes with --task and --data.
    """
    if (folder is None) == (data is None) or bool(tasks) != (data is not None):
        raise UsageError("score needs --beir DIR, or --task clustering|classification with --data PATH")
    if folder is not None:
        figures, shown, title = _retrieval(models, folder, split, extra, unit, quiet)
    else:
        figures, shown, title = _tasks(models, data, tasks, text_column, label_column, quiet)
    if not emit(figures, as_json, out):
        print_table(_table(figures["runs"], shown, title))


Result = tuple[dict[str, Any], Sequence[str], str]
"""The figures, which metrics are shown, and the table's title."""


def _retrieval(models: Sequence[str], folder: Path, split: str, extra: str, unit: str, quiet: bool) -> Result:
    from idiolect.evaluation.beir import load_dataset
    from idiolect.progress import for_terminal
    from idiolect.scoring import score_model

    kinds = ["dense", *_extra_runs(extra)]
    dataset = load_dataset(folder, split)
    progress = for_terminal(quiet)
    runs = _named_runs(models, lambda model: score_model(model, dataset, kinds, unit, progress))
    if dataset.unreachable:
        progress.note(f"{dataset.unreachable} relevant judgments name documents that the corpus lacks")
    figures = {"dataset": dataset.name, "split": split, "unit": unit, "runs": runs}
    return figures, SHOWN, f"{dataset.name} {split}, by {unit}"


def _tasks(
    models: Sequence[str],
    data: Path | None,
    tasks: Sequence[str],
    text_column: str,
    label_column: str,
    quiet: bool,
) -> Result:
    from idiolect.evaluation.classed_texts import read_classed
    from idiolect.evaluation.tasks import METRICS, TASKS
    from idiolect.progress import for_terminal
    from idiolect.scoring import score_tasks

    texts = read_classed(data or Path(), text_column, label_column)
    chosen = [task for task in TASKS if task in tasks]
    progress = for_terminal(quiet)
    if texts.left_out:
        progress.note(f"{texts.left_out:,} files or rows without text or class left out")
    runs = _named_runs(models, lambda model: {"dense": score_tasks(model, texts, chosen, _SEED, progress)})
    count, classes = len(texts.texts), len(set(texts.classes))
    figures = {"dataset": texts.name, "tasks": chosen, "texts": count, "classes": classes, "runs": runs}
    return figures, [METRICS[task] for task in chosen], f"{texts.name}: {count:,} texts, {classes} classes"


def _named_runs(
    models: Sequence[str], scored: Callable[[str], Mapping[str, dict[str, float]]]
) -> dict[str, dict[str, float]]:
    """Run → metrics: "dense" of one model, "NAME/dense" of several; BM25 is the same for all."""
    from idiolect.named_models import short_names

    names = short_names(models)
    return {
        kind if len(models) == 1 or kind == "bm25" else f"{names[model]}/{kind}": metrics
        for model in models
        for kind, metrics in scored(model).items()
    }


def _extra_runs(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in EXTRA_RUNS:
            raise UsageError(f"--with {name!r} is not known: take {' or '.join(EXTRA_RUNS)}")
    return [name for name in EXTRA_RUNS if name in names]


def _table(runs: Mapping[str, Mapping[str, float]], shown: Sequence[str], title: str) -> Any:
    from rich import box
    from rich.table import Table

    from idiolect.evaluation.wording import label

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="")
    table.add_column("run", no_wrap=True)
    for metric in shown:
        table.add_column(label(metric), justify="right")
    for run, metrics in runs.items():
        table.add_row(run, *(f"{metrics[metric]:.4f}" for metric in shown))
    return table


COMMANDS = {"score": score}
