"""`models promote`: a version becomes champion or challenger."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.models.registry import expect, expected, open_registry, override, registered, told
from idiolect.cli.output import emit, print_lines


@click.command()
@click.argument("reference", metavar="NAME[@VERSION]")
@click.option(
    "--as", "alias", type=click.Choice(["champion", "challenger"]), default="champion", show_default=True
)
@override
@expect
@registered
@options.as_json
@options.out
def promote(
    reference: str,
    alias: str,
    override: str | None,
    expect: str | None,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Make a version champion or challenger; the newest where none is named.

    Refused unless its report says promote, its files are whole, no erasure reached it, no licence denies that it was
    trained so, and it is no worse than the champion where both were measured on the same queries.
    """
    from idiolect.lifecycle.registry.promoting import promote as promoted
    from idiolect.lifecycle.registry.references import Reference

    registry = open_registry(uri, config_path, settings)
    done = promoted(registry, Reference.parse(reference), alias, override, expected(expect))  # type: ignore[arg-type]
    if not emit(done, as_json, out):
        print_lines(told(done))


COMMANDS = {"promote": promote}
