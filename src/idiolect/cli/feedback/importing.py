"""`feedback import`: events of a file into WORK's log."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines

if TYPE_CHECKING:
    from idiolect.lifecycle.feedback.keeping import Kept

SHOWN = 20
"""Events set aside that are named; --json names all."""


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@options.work
@options.configured
@options.as_json
@options.out
def import_(
    file: Path,
    work: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Keep the impressions and actions of FILE (JSON lines or a JSON list; - is stdin) that may be kept.

    What is broken, has no consent or has expired is set aside, and listed with its line and reason.
    """
    from idiolect.lifecycle.feedback.keeping import Keeper
    from idiolect.lifecycle.feedback.reading import read_events
    from idiolect.workspace import Workspace

    config = configuration.load(config_path, settings)
    with Keeper(Workspace(work), config.feedback, config.privacy) as keeper:
        kept = keeper.keep_all(read_events(file))
    if not emit(kept, as_json, out):
        print_lines(_told(kept, work))


def _told(kept: "Kept", work: Path) -> list[str]:
    more = len(kept.set_aside) - SHOWN
    return [
        f"Kept {kept.impressions:,} impressions and {kept.actions:,} actions in {work}",
        *([f"{kept.again:,} were kept before"] if kept.again else []),
        *([f"{kept.waiting:,} actions wait for their impression"] if kept.waiting else []),
        *([f"{kept.erased:,} hits left out: their documents were erased"] if kept.erased else []),
        *([f"{len(kept.set_aside):,} set aside:"] if kept.set_aside else []),
        *(f"  {one.place:>7,}  {one.reason}" for one in kept.set_aside[:SHOWN]),
        *([f"  and {more:,} more: --json lists all"] if more > 0 else []),
    ]


COMMANDS = {"import": import_}
