"""`feedback`: one file a subcommand."""

import click

from idiolect.cli.groups import Commands

SUBCOMMANDS = {
    "import": ("importing", "Keep impressions and actions of a file."),
    "show": ("show", "Say what is kept, and what cleaning leaves out."),
    "learn": ("learn", "Make training queries of it."),
    "compare": ("compare", "Say whose hits people preferred where two rankings were interleaved."),
    "forget": ("forget", "Take out all that is kept of a user."),
}


@click.group(cls=Commands, package=__name__, table=SUBCOMMANDS)
def feedback() -> None:
    """Keep what people did with what a search showed them, say what there is, and learn from it."""


COMMANDS = {"feedback": feedback}
