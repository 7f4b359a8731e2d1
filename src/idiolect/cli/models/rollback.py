"""`models rollback`: the champion before."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.models.registry import expect, expected, open_registry, override, registered, told
from idiolect.cli.output import emit, print_lines


@click.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--as", "alias", type=click.Choice(["champion", "challenger"]), default="champion", show_default=True
)
@override
@expect
@registered
@options.as_json
@options.out
def rollback(
    name: str,
    alias: str,
    override: str | None,
    expect: str | None,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Let NAME's champion be the one before its last promotion; again: the one before that."""
    from idiolect.lifecycle.registry.promoting import rollback as rolled_back
    from idiolect.lifecycle.registry.references import PREFIX, checked_name

    registry = open_registry(uri, config_path, settings)
    name = checked_name(name.removeprefix(PREFIX))
    done = rolled_back(registry, name, alias, override, expected(expect))  # type: ignore[arg-type]
    if not emit(done, as_json, out):
        print_lines(told(done))


COMMANDS = {"rollback": rollback}
