"""`feedback show`: what WORK's log holds, in figures."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit, print_lines, print_table

if TYPE_CHECKING:
    from idiolect.lifecycle.feedback.summary import Summary

RANKS = 10
"""Ranks that are shown; --json has all."""


@click.command()
@options.work
@options.configured
@options.as_json
@options.out
def show(
    work: Path, config_path: Path | None, settings: tuple[str, ...], as_json: bool, out: Path | None
) -> None:
    """Say how many impressions, actions, users and days there are, by rank, and what cleaning leaves out."""
    from idiolect.lifecycle.feedback.log import FeedbackLog
    from idiolect.lifecycle.feedback.summary import summary
    from idiolect.workspace import Workspace

    config = configuration.load(config_path, settings)
    found = summary(FeedbackLog(Workspace(work).feedback, config.feedback))
    if not emit(found, as_json, out):
        _show(found)


def _show(found: "Summary") -> None:
    from rich import box
    from rich.table import Table

    from idiolect.lifecycle.feedback.cleaning import MEANING

    days = f", {found.first[:10]} to {found.last[:10]}" if found.days else ""
    print_lines(
        [
            f"{found.impressions:,} impressions of {found.kept:,} kept, on {found.days:,} days{days}",
            f"{found.users:,} users, {found.sessions:,} sessions; {found.nameless:,} impressions of neither",
            f"{found.queries:,} queries, {found.documents:,} documents shown",
            f"actions: {_listed(found.actions)}",
            f"models: {_listed(found.models)}; modes: {_listed(found.modes)}",
            f"hits read for long, copied from or liked: {found.satisfied:,}",
            f"actions that wait for their impression: {found.waiting:,}",
        ]
    )
    if found.ranks:
        table = Table(box=box.SIMPLE_HEAD)
        for name in ("rank", "shown", "clicked", "satisfied"):
            table.add_column(name, justify="right")
        for row in found.ranks[:RANKS]:
            table.add_row(*(f"{number:,}" for number in (row.rank, row.shown, row.clicked, row.satisfied)))
        print_table(table)
    if not found.left_out:
        click.echo("Cleaning leaves nothing out.")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("left out", "impressions", "actions"):
        table.add_column(name, justify="left" if name == "left out" else "right")
    for rule, meaning in MEANING.items():
        if one := found.left_out.get(rule):
            table.add_row(meaning, f"{one.impressions:,}", f"{one.actions:,}")
    print_table(table)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name or 'not said'}" for name, count in counts.items()) or "none"


COMMANDS = {"show": show}
