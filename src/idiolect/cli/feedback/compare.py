"""`feedback compare`: two rankings that were interleaved, by what people opened."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines

if TYPE_CHECKING:
    from idiolect.lifecycle.feedback.interleaving import Preference


@click.command()
@click.option(
    "--teams",
    nargs=2,
    metavar="A B",
    help="The two to compare, as hits call them (default: those there are).",
)
@options.work
@options.configured
@options.as_json
@options.out
def compare(
    teams: tuple[str, str] | None,
    work: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Say which of two interleaved rankings people preferred, by the `team` of the hits that they opened."""
    from idiolect.lifecycle.feedback.clicks import readings
    from idiolect.lifecycle.feedback.interleaving import preference
    from idiolect.lifecycle.feedback.log import FeedbackLog
    from idiolect.workspace import Workspace

    config = configuration.load(config_path, settings)
    log = FeedbackLog(Workspace(work).feedback, config.feedback)
    given = readings(log.seen(), config.feedback.satisfied_seconds)
    found = preference(given, config.seed, teams)
    if not emit(found, as_json, out):
        print_lines(_lines(found))


def _lines(found: "Preference") -> list[str]:
    low, high = found.ci95
    return [
        f"{found.impressions:,} interleaved impressions: {found.a} won {found.wins_a:,}, "
        f"{found.b} won {found.wins_b:,}, "
        f"{found.ties:,} ties, {found.unclicked:,} without a click",
        f"{found.b} won {found.share:.1%} of those that either won, 95% interval {low:.1%} to {high:.1%}, "
        f"p {found.p:.3f}, {found.users:,} people",
    ]


COMMANDS = {"compare": compare}
