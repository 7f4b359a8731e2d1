"""`audit licences`: the policy as it is now, held against every document that was ever ingested."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_table

if TYPE_CHECKING:
    from idiolect.lifecycle.licences.reviewing import Review

BREACH = 3
"""The exit code where a denied document shaped a model, a bundle or an index."""


@click.command()
@options.work
@options.configured
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Documents to show.")
@options.as_json
@options.out
def licences(
    work: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    limit: int,
    as_json: bool,
    out: Path | None,
) -> int:
    """List the documents that [licences] denies now, and every model, bundle and index that they shaped.

    Exit code 3 where one did what is denied to it.
    """
    from idiolect.lifecycle.licences.history import recorded
    from idiolect.lifecycle.licences.reviewing import review
    from idiolect.lifecycle.licences.tracing import tracing
    from idiolect.workspace import Workspace

    place = Workspace(work)
    place.require(place.documents, "ingest")
    config = configuration.load(config_path, settings)
    with tracing(place.lineage) as trace:
        found = review(recorded(place.licences, place.documents), config.licences, trace)
    code = BREACH if found.breaches else 0
    if not emit({**found.figures, "documents": found.documents}, as_json, out):
        _show(found, limit, work)
    return code


def _show(found: "Review", limit: int, work: Path) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from idiolect.lifecycle.licences.summary import listed

    click.echo(f"{found.versions:,} documents and earlier versions: {listed(found.licences) or 'none'}")
    if not found.documents:
        click.echo("[licences] denies nothing to any of them.")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("document", "licence", "denied", "shaped", "in the roles", "against"):
        table.add_column(column, overflow="fold")
    shown = sorted(found.documents, key=lambda one: not any(reached.against for reached in one.reached))
    for one in shown[:limit]:
        table.add_row(escape(one.path), one.licence or "unknown", ", ".join(one.denied), "", "", "")
        for reached in one.reached:
            name = f"{reached.kind} {reached.name} {reached.digest[:12]}"
            table.add_row("", "", "", name, ", ".join(reached.roles), ", ".join(reached.against))
    print_table(table)
    if len(shown) > limit:
        click.echo(f"{len(shown) - limit:,} more: --limit, or --json for all")
    if not found.traced:
        click.echo(f"What they shaped is not known: {work} has no lineage yet; `idiolect run` records it.")
    elif found.breaches:
        click.echo(
            f"{len(found.breaches):,} of {len(found.documents):,} were put to a use that is denied to them: "
            "`idiolect run` again leaves them out of what it makes"
        )


COMMANDS = {"licences": licences}
"""Name → command, for the group."""
