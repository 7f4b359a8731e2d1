"""`feedback learn`: WORK's log made training queries."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines, print_table

if TYPE_CHECKING:
    from idiolect.lifecycle.feedback.learnt import LearntReport


@click.command()
@options.work
@options.configured
@options.reporting
def learn(
    work: Path,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Learn from WORK's log which documents answered what was asked; the next `prepare` trains on that.

    Satisfied clicks are weighted by inverse propensity where the log tells ranks and relevance apart.
    """
    from idiolect.learning import learn_feedback
    from idiolect.progress import for_terminal
    from idiolect.stages.context import Context
    from idiolect.workspace import Workspace

    config = configuration.load(config_path, settings)
    report = learn_feedback(Context(Workspace(work), config, for_terminal(quiet))).report
    if not emit(report, as_json, out):
        _show(report)


def _show(report: "LearntReport") -> None:
    print_lines(
        [
            f"{report.impressions:,} impressions of {report.users:,} people, "
            f"{report.first[:10]} to {report.last[:10]}: {report.clicks:,} clicks, "
            f"{report.satisfied:,} of which satisfied",
            f"learnt {report.queries:,} queries with {report.positives:,} positives and {report.negatives:,} negatives",
        ]
    )
    if report.propensities is None:
        print_lines([report.refused, "Every positive weighs the same: what stood above is favoured."])
    else:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD)
        for name in ("rank", "propensity", "95% interval", "clicks"):
            table.add_column(name, justify="right")
        for one in report.propensities.thetas:
            interval = f"{one.low:.3f} to {one.high:.3f}" if one.rank > 1 else ""
            table.add_row(f"{one.rank}", f"{one.theta:.3f}", interval, f"{one.clicks:,}")
        print_table(table)
        print_lines([f"rank {rank}: {why}" for rank, why in report.propensities.left_out.items()])
    print_lines([f"left out: {count:,} {reason}" for reason, count in report.left_out.items()])


COMMANDS = {"learn": learn}
