"""`models`: one file a subcommand."""

import click

from idiolect.cli.groups import Commands

SUBCOMMANDS = {
    "publish": ("publish", "Put a bundle into the registry, as a version."),
    "list": ("listed", "One line a model: champion, domain, base, age, drift, taint."),
    "show": ("show", "A version's facts and figures, and its model's history."),
    "compare": ("compare", "Hold two versions against each other, query by query."),
    "promote": ("promote", "Make a version champion or challenger, if its report allows it."),
    "rollback": ("rollback", "Go back to the champion before."),
    "merge": ("merge", "Average the weights of models that were tuned from one base."),
}


@click.group(cls=Commands, package=__name__, table=SUBCOMMANDS)
def models() -> None:
    """Register, compare, promote and merge tuned models."""


COMMANDS = {"models": models}
