"""`run`, and each stage as a command of its own."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from idiolect import config as configuration
from idiolect.cli import given, options
from idiolect.cli.output import emit, print_lines, print_table, width
from idiolect.cli.set_aside import set_aside
from idiolect.errors import UsageError
from idiolect.workspace import Workspace

BASE_KEPT = 3

_docs = click.argument("docs", type=click.Path(path_type=Path))
_optional_docs = click.argument("docs", type=click.Path(path_type=Path), required=False)
_for_failures = click.option(
    "--for-failures",
    is_flag=True,
    help="Ask the LLM for more queries about what the tuned model gets wrong on dev.",
)
_nim = click.option(
    "--nim",
    is_flag=True,
    help="Add nim/ to the bundle: what NVIDIA's embedding NIM loads as a custom ONNX model.",
)
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would run and why; run nothing.")
_common = options.together(
    options.work, options.configured, options.labels, given.exemplars, given.beir, given.guard, _dry_run,
    given.ignore_memory, options.reporting,
)  # fmt: skip


@click.command()
@_optional_docs
@_common
@click.option("--from", "first", metavar="STAGE", help="Start at this stage.")
@click.option("--to", "last", metavar="STAGE", help="Stop after this stage.")
def run(docs: Path | None, first: str | None, last: str | None, **others: Any) -> int:
    """Turn DOCS (a folder, a file or a JSONL corpus) into a measured, exported model in WORK.

    Stages whose inputs and settings have not changed since the last run are skipped.
    """
    if docs is None and first in (None, "ingest"):
        raise UsageError("run needs DOCS: a folder, a file or a JSONL corpus (or --from a later stage)")
    return _execute(docs, first, last, **others)


def _stage_command(name: str) -> click.Command:
    def execute(docs: Path | None = None, **others: Any) -> int:
        return _execute(docs, name, name, **others)

    from idiolect.cli import COMMANDS as LISTED

    execute.__doc__ = LISTED[name][1]
    own = {"ingest": [_docs], "generate": [_for_failures], "export": [_nim]}.get(name, [])
    return click.command(name)(options.together(*own, _common)(execute))


def _execute(
    docs: Path | None,
    first: str | None,
    last: str | None,
    work: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    queries: str | None,
    qrels: str | None,
    labels_as: Literal["train", "dev", "test", "split"] | None,
    exemplars: str | None,
    beir: tuple[str, ...],
    guard: tuple[str, ...],
    dry_run: bool,
    ignore_memory: bool,
    as_json: bool,
    out: Path | None,
    quiet: bool,
    for_failures: bool = False,
    nim: bool = False,
) -> int:
    from idiolect import pipeline
    from idiolect.progress import for_terminal
    from idiolect.stages.context import Context

    config = given.resolved(
        configuration.load(config_path, settings),
        work,
        dry_run,
        queries,
        qrels,
        labels_as,
        exemplars,
        beir,
        guard,
    )
    _refuse_own_model("base", config.train.base, work)
    _refuse_own_model("start", config.train.start, work)
    if nim:
        config = msgspec.structs.replace(config, export=msgspec.structs.replace(config.export, nim=True))
    stages = pipeline.between(first, last)
    if any(stage.name == "prepare" for stage in stages):
        from idiolect.evaluation.labels import check_labels

        check_labels(config.prepare)
    if config.train.cross_encoder and any(stage.name == "train" for stage in stages):
        from idiolect.runtimes.cross_encoder import resolve_cross_encoder

        resolve_cross_encoder(config.train.cross_encoder)
    context = Context(Workspace(work), config, for_terminal(quiet), docs)
    if for_failures:
        from idiolect.cli.for_failures import begin_round

        if not begin_round(context, dry_run, as_json, out):
            return 0
    if dry_run:
        return _show_plan(pipeline.plan(context, stages), context, as_json, out)
    done = pipeline.run(context, stages, None if ignore_memory else partial(_require_memory, context))
    figures: dict[str, Any] = {
        "work": str(work),
        "stages": [
            {"stage": item.stage, "ran": not item.skipped, "reason": item.reason, "seconds": item.seconds}
            for item in done
        ],
    }
    if not any(item.stage == "evaluate" for item in done):
        if len(done) == 1 and done[0].summary:
            figures["summary"] = done[0].summary
        if emit(figures, as_json, out):
            return 0
        if all(item.skipped for item in done):
            click.echo("Everything is up to date: nothing to do.")
        if any(item.stage == "ingest" and not item.skipped for item in done):
            print_lines(set_aside(context.workspace.rejected_documents))
        return 0
    return _close(context.workspace, done, figures, as_json, out)


def _require_memory(context: Any, stages: Sequence[str]) -> None:
    from idiolect.estimates.beforehand import require_memory

    require_memory(context.workspace, context.config, context.source, stages)


def _refuse_own_model(key: str, name: str, work: Path) -> None:
    """Raise UsageError where training would replace the model that it starts from."""
    if name and Path(name).is_dir() and Path(name).resolve().is_relative_to(work.resolve()):
        raise UsageError(
            f"train.{key} = {name} lies in {work}, which this run writes: copy it, or give another folder with -w"
        )


def _show_plan(done: list[Any], context: Any, as_json: bool, out: Path | None) -> int:
    from idiolect.cli import estimates

    rows = estimates.planned(done, context)
    if not emit(rows, as_json, out):
        print_lines(estimates.plan_lines(rows))
        if any(row["would_run"] for row in rows):
            print_table(estimates.cost_table(rows))
            print_lines(estimates.closing_lines(rows))
    return 0


def _close(
    workspace: Workspace, done: list[Any], figures: dict[str, Any], as_json: bool, out: Path | None
) -> int:
    """The closing table, the verdict, examples, and where to go from here; the exit code."""
    from idiolect.evaluation.closing import against_table, closing_lines, closing_table
    from idiolect.evaluation.report import read_report
    from idiolect.runtimes.mapping import endpoint_of

    report = read_report(workspace.report)
    code = 0 if report.promoted else BASE_KEPT
    if emit({**figures, "report": report}, as_json, out):
        return code
    if all(item.skipped for item in done):
        click.echo("Everything is up to date: nothing to do. The last result:")
    for name in report.datasets:
        click.echo("")
        print_table(closing_table(report, name))
    if report.against:
        click.echo("")
        print_table(against_table(report))
    click.echo("")
    print_lines(closing_lines(report, width()))
    click.echo("")
    print_lines(set_aside(workspace.rejected_documents))
    click.echo(f"Report:  {workspace.report_page}")
    if workspace.bundle.exists():
        click.echo(f'Search:  idiolect search -w {workspace.root} "your query"')
        if endpoint := endpoint_of(workspace.bundle):
            click.echo(f"Weights: a map of what {endpoint} answers")
        else:
            click.echo(f"Serve:   idiolect serve {workspace.bundle}")
    return code


COMMANDS = {"run": run} | {
    name: _stage_command(name) for name in ("ingest", "generate", "prepare", "train", "evaluate", "export")
}
