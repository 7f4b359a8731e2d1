"""`refresh`: the champion brought up to date, or a line for a scheduler that does it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from idiolect import config as configuration
from idiolect.cli import given, options
from idiolect.cli.output import emit, print_lines, print_table
from idiolect.workspace import Workspace

if TYPE_CHECKING:
    from idiolect.stages.context import Context

CHAMPION_KEPT = 3

_schedule = click.option(
    "--schedule",
    metavar="CRON",
    help='Print a crontab line and a Kubernetes CronJob for "MINUTE HOUR DAY MONTH WEEKDAY"; do nothing else.',
)
_when = click.option(
    "--when",
    type=click.Choice(["drifted"]),
    help="Only where `idiolect drift` raised an alarm last, or documents are new.",
)
_name = click.option(
    "--name", default="", help="The registered model (default: what WORK's bundle was published as)."
)
_registry = click.option(
    "--registry",
    "uri",
    metavar="URI",
    help="A folder, or http(s)://… of an MLflow server (default: IDIOLECT_REGISTRY, registry.uri, idiolect-registry).",
)
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Say what is new, what would run and what that would cost; run nothing."
)


@click.command()
@click.argument("docs", type=click.Path(path_type=Path))
@options.together(
    options.work, _name, _registry, options.configured, options.labels, given.exemplars, given.beir, given.guard,
    _when, _schedule, _dry_run, given.ignore_memory, options.reporting,
)  # fmt: skip
def refresh(
    docs: Path,
    work: Path,
    name: str,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    queries: str | None,
    qrels: str | None,
    labels_as: Literal["train", "dev", "test", "split"] | None,
    exemplars: str | None,
    beir: tuple[str, ...],
    guard: tuple[str, ...],
    when: str | None,
    schedule: str | None,
    dry_run: bool,
    ignore_memory: bool,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> int:
    """Train the champion on with what is new in DOCS, test it on old and new, and promote it or say why not.

    DOCS are all documents as they are now; the options are those of the run that made WORK. Exit codes: 0 the new
    model is champion, 3 the champion stays.
    """
    from idiolect.lifecycle.registry import registry_uri
    from idiolect.progress import for_terminal
    from idiolect.stages.context import Context

    config = configuration.load(config_path, settings)
    uri = registry_uri(uri, config)
    only_told = dry_run or schedule is not None
    config = given.resolved(config, work, only_told, queries, qrels, labels_as, exemplars, beir, guard)
    if schedule is not None:
        from idiolect.refreshing.scheduled import scheduled

        print_lines(list(scheduled(schedule, docs, work, uri, name, when, config)))
        return 0
    context = Context(Workspace(work), config, for_terminal(quiet), docs)
    if dry_run:
        return _print_plan(context, uri, name, as_json, out)
    from idiolect.refreshing.explaining import lines
    from idiolect.refreshing.planning import called_for
    from idiolect.refreshing.refresh import refresh as refreshed

    if when == "drifted" and not called_for(context):
        told = "no drift alarm, and no new documents: nothing is refreshed"
        if not emit({"promoted": False, "against": told}, as_json, out):
            click.echo(told)
        return CHAMPION_KEPT
    done = refreshed(context, uri, name, None if ignore_memory else _require_memory)
    if not emit(done, as_json, out):
        print_lines(lines(done))
    return 0 if done.promoted else CHAMPION_KEPT


def _require_memory(context: "Context", stages: Sequence[str]) -> None:
    from idiolect.estimates.beforehand import require_memory

    require_memory(context.workspace, context.config, context.source, stages)


def _print_plan(context: "Context", uri: str, name: str, as_json: bool, out: Path | None) -> int:
    from idiolect.cli import estimates
    from idiolect.refreshing.planning import planned

    found = planned(context, uri, name)
    if emit(found, as_json, out):
        return 0
    click.echo(f"Champion: {found.champion}")
    click.echo(f"New:      {', '.join(found.news) or 'nothing: no stage would run'}")
    if found.stages:
        click.echo(f"Would run: {', '.join(found.stages)}")
    if found.estimates:
        rows: list[dict[str, Any]] = [
            {"would_run": True, **msgspec.to_builtins(one)} for one in found.estimates
        ]
        print_table(estimates.cost_table(rows))
        print_lines(estimates.closing_lines(rows))
    return 0


COMMANDS = {"refresh": refresh}
