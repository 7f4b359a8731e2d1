"""Results to stdout: JSON where it was asked for, tables and sentences for people elsewhere."""

import shutil
from pathlib import Path
from typing import Any

import click

from idiolect.files import write_json


def emit(figures: Any, as_json: bool, out: Path | None) -> bool:
    """Write figures where the options say; True where stdout is taken by JSON."""
    if out is not None:
        write_json(out, figures)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())
    return as_json


def width() -> int:
    """Columns that text is wrapped to: the terminal's, between 80 and 110."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, 80), 110)


def print_table(table: Any) -> None:
    """A rich table on stdout, plain where that is no terminal."""
    from rich.console import Console

    Console(width=width(), highlight=False).print(table)


def print_lines(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
