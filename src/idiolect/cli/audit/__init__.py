"""`audit`: one file a subcommand."""

import click

from idiolect.cli.groups import Commands

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "verify": ("verify", "Find any change to the audit log and the manifests."),
    "erase": ("erase", "Take a document out of all that was made from it."),
    "explain": ("explain", "Say which documents shaped a model, or what one touched."),
    "export": ("export", "Write stage runs as OpenLineage events."),
}


@click.group(cls=Commands, package=__name__, table=SUBCOMMANDS)
def audit() -> None:
    """Say what shaped what, and prove that no record of it was changed."""


COMMANDS = {"audit": audit}
