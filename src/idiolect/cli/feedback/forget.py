"""`feedback forget`: all that is kept of a user, taken out."""

from pathlib import Path

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines


@click.command()
@click.option("--user", metavar="U", required=True, help="The user, as events name them.")
@options.work
@options.configured
@options.as_json
@options.out
def forget(
    user: str,
    work: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Take a user's impressions and actions out of WORK's log, and what was learnt from nobody else."""
    from idiolect.lifecycle.feedback import forgetting
    from idiolect.workspace import Workspace

    config = configuration.load(config_path, settings)
    done = forgetting.forget(Workspace(work), user, config.privacy)
    if not emit(done, as_json, out):
        print_lines(
            [
                f"Forgot {done.impressions:,} impressions and {done.actions:,} actions; reference {done.reference}",
                *(
                    [f"{done.learnt:,} learnt queries that nobody else has asked went too"]
                    if done.learnt
                    else []
                ),
            ]
        )


COMMANDS = {"forget": forget}
