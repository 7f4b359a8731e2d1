"""`init` and `config`: the config file, written and printed."""

from pathlib import Path

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit
from idiolect.errors import UsageError
from idiolect.files import write_text


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("idiolect.toml"))
def init(path: Path) -> None:
    """Write a commented idiolect.toml with every key at its default."""
    if path.exists():
        raise UsageError(f"{path} exists already: edit it, or name another file")
    write_text(path, configuration.render(configuration.Config()))
    click.echo(f"wrote {path}")


@click.command("config")
@options.configured
@options.as_json
@options.out
def show(config_path: Path | None, settings: tuple[str, ...], as_json: bool, out: Path | None) -> None:
    """Print the config as it is resolved from file and --set, with a comment per key."""
    resolved = configuration.load(config_path, settings)
    if not emit(resolved, as_json, out):
        click.echo(configuration.render(resolved), nl=False)


COMMANDS = {"init": init, "config": show}
