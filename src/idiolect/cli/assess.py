"""`assess`: what the documents are like and whether tuning pays, before anything is trained or paid for."""

from pathlib import Path

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines, width


@click.command()
@click.argument("docs", type=click.Path(path_type=Path))
@options.configured
@options.reporting
def assess(
    docs: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Say what DOCS are like, how well the base searches them, and whether tuning would pay.

    Takes about two minutes; many documents are sampled. Nothing is trained, asked of an LLM or written.
    """
    from idiolect.assessment.assess import assess as look
    from idiolect.assessment.wording import lines
    from idiolect.progress import for_terminal

    config = configuration.load(config_path, settings)
    found = look(docs, config, for_terminal(quiet), exclude=options.DEFAULT_WORK)
    if not emit(found, as_json, out):
        print_lines(lines(found, width()))


COMMANDS = {"assess": assess}
