"""`audit`: one file a subcommand."""

import click

from idiolect.cli.groups import Commands

SUBCOMMANDS = {
    "verify": ("verify", "Find any change to the audit log and the manifests."),
    "explain": ("explain", "Say which documents shaped a model, or what one touched."),
    "export": ("export", "Write stage runs as OpenLineage events."),
    "licences": ("licences", "List what the policy denies now, and the models that it reached."),
    "erase": ("erase", "Take a document out of all that was made from it."),
}


@click.group(cls=Commands, package=__name__, table=SUBCOMMANDS)
def audit() -> None:
    """Say what shaped what, and prove that no record of it was changed."""


COMMANDS = {"audit": audit}
