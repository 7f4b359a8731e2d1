"""`models`: one file a subcommand."""

import click

from idiolect.cli.groups import Commands

SUBCOMMANDS = {
    "merge": ("merge", "Average the weights of models that were tuned from one base."),
}


@click.group(cls=Commands, package=__name__, table=SUBCOMMANDS)
def models() -> None:
    """Work with tuned models."""


COMMANDS = {"models": models}
