"""`audit export`: WORK's stage runs for catalogues of data."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.output import emit
from idiolect.workspace import Workspace


@click.command()
@options.work
@click.option(
    "--openlineage",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: one OpenLineage event a line.",
)
@options.as_json
@options.out
def export(work: Path, path: Path, as_json: bool, out: Path | None) -> None:
    """Write every stage run of WORK as OpenLineage events, with what it read and wrote."""
    from idiolect.lifecycle.lineage.openlineage import write_events

    count = write_events(Workspace(work), path)
    if not emit({"events": count, "file": str(path)}, as_json, out):
        click.echo(f"wrote {path}: {count:,} events")


COMMANDS = {"export": export}
