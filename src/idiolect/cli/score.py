"""`score`: any model, bundle or endpoint on any BEIR folder."""

from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.output import emit, print_table
from idiolect.errors import UsageError

EXTRA_RUNS = ("bm25", "hybrid")


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--beir", "folder", metavar="DIR", required=True, type=click.Path(path_type=Path), help="BEIR folder."
)
@click.option("--split", default="test", show_default=True, help="Which qrels/SPLIT.tsv.")
@click.option("--with", "extra", default="", metavar="bm25,hybrid", help="Runs beside dense.")
@click.option(
    "--unit",
    type=click.Choice(["document", "chunk"]),
    default="document",
    show_default=True,
    help="Encode documents whole (cut at the model's length, as BEIR does), or take a document's best chunk.",
)
@options.reporting
def score(
    models: tuple[str, ...],
    folder: Path,
    split: str,
    extra: str,
    unit: str,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Score models (directories, bundles, hub names, endpoint URLs as URL#MODEL) on a BEIR folder."""
    from idiolect.evaluation.beir import load_dataset
    from idiolect.progress import for_terminal
    from idiolect.scoring import score_model

    kinds = ["dense", *_extra_runs(extra)]
    dataset = load_dataset(folder, split)
    runs: dict[str, dict[str, float]] = {}
    progress = for_terminal(quiet)
    for model in models:
        found = score_model(model, dataset, kinds, unit, progress)
        for kind, metrics in found.items():
            runs[kind if len(models) == 1 or kind == "bm25" else f"{_name(model)}/{kind}"] = metrics
    figures: dict[str, Any] = {"dataset": dataset.name, "split": split, "unit": unit, "runs": runs}
    if dataset.unreachable:
        progress.note(f"{dataset.unreachable} relevant judgments name documents that the corpus lacks")
    if not emit(figures, as_json, out):
        print_table(_table(figures))


def _extra_runs(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in EXTRA_RUNS:
            raise UsageError(f"--with {name!r} is not known: take {' or '.join(EXTRA_RUNS)}")
    return [name for name in EXTRA_RUNS if name in names]


def _name(model: str) -> str:
    """The last part of a path, or the whole of a URL."""
    return model if model.startswith("http") else Path(model).name


def _table(figures: dict[str, Any]) -> Any:
    from rich import box
    from rich.table import Table

    shown = ("ndcg@10", "recall@10", "recall@100", "mrr@10", "map@100")
    title = f"{figures['dataset']} {figures['split']}, by {figures['unit']}"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="")
    table.add_column("run", no_wrap=True)
    for metric in shown:
        table.add_column(metric, justify="right")
    for run, metrics in figures["runs"].items():
        table.add_row(run, *(f"{metrics[metric]:.4f}" for metric in shown))
    return table


COMMANDS = {"score": score}
