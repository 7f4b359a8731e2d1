"""`drift`: whether what people ask, and what the documents say, is still what the model was trained for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines, width
from idiolect.errors import UsageError

if TYPE_CHECKING:
    from idiolect.config import Config
    from idiolect.lifecycle.drift.windows import Window

ALARM = 4
"""Exit code: all was done, and so many windows in a row differ that it is an alarm."""


@click.command()
@click.argument("docs", required=False, type=click.Path(path_type=Path))
@options.work
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What people asked: queries a line, a CSV or JSON lines with 'query' (default: the feedback log).",
)
@click.option(
    "--since", metavar="DATE", help="Of the log, from here on (default: where the last window ended)."
)
@click.option("--until", metavar="DATE", help="Of the log, before this (default: now).")
@click.option(
    "--accept",
    is_flag=True,
    help="Hold later windows against these queries: what they ask is no drift any more.",
)
@click.option(
    "--metrics",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the window in Prometheus' format too, for node-exporter's textfile collector (*.prom).",
)
@click.option("--model", metavar="NAME@VERSION", help="Mark this version with the result, in the registry.")
@click.option(
    "--registry",
    metavar="URI",
    help="That of --model (default: IDIOLECT_REGISTRY, registry.uri, idiolect-registry).",
)
@options.configured
@options.reporting
def drift(
    docs: Path | None,
    work: Path,
    queries: Path | None,
    since: str | None,
    until: str | None,
    accept: bool,
    metrics: Path | None,
    model: str | None,
    registry: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> int:
    """Compare what people ask now, and the new documents in DOCS, with what the model was trained for.

    Exit codes: 0 no alarm; 4 an alarm: drift.windows windows in a row differ; 1 failed; 2 wrong usage.
    """
    from idiolect.drifting.asked import instant
    from idiolect.drifting.checking import Given, check
    from idiolect.drifting.wording import lines
    from idiolect.lifecycle.drift.metrics import write_metrics
    from idiolect.progress import for_terminal
    from idiolect.workspace import Workspace

    if registry and not model:
        raise UsageError("--registry marks a version of it: say which with --model NAME@VERSION")
    config = configuration.load(config_path, settings)
    given = Given(docs, queries, instant("--since", since), instant("--until", until), accept)
    mark = _marking(model, registry, config) if model else None  # better now than after the looking
    report = check(Workspace(work), config, given, for_terminal(quiet))
    if metrics is not None:
        write_metrics(metrics, report.window)
    if mark is not None:
        mark(report.window)
    if not emit(report, as_json, out):
        print_lines(lines(report, config.drift, width()))
    return ALARM if report.window.alarm else 0


def _marking(model: str, registry: str | None, config: "Config") -> Callable[["Window"], None]:
    """What marks the version with a window. Raises RegistryError and UsageError where there is no such version."""
    from idiolect.drifting.wording import tag
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.references import Reference, registry_uri

    held = Registry.at(registry_uri(registry, config))
    version = held.find(Reference.parse(model))
    return lambda window: held.mark(version, drift=tag(window))


COMMANDS = {"drift": drift}
