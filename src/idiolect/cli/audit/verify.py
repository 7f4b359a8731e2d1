"""`audit verify`: whether the log of WORK, and the manifests that it names, are those that were written."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.output import emit


@click.command()
@options.work
@click.option(
    "--anchor",
    metavar="SEQ:HASH",
    help="A head that was kept elsewhere: nothing up to that entry may have changed.",
)
@options.as_json
@options.out
def verify(work: Path, anchor: str | None, as_json: bool, out: Path | None) -> None:
    """Find any edit, deletion, cut or reordering in WORK's audit log, and any manifest that was altered."""
    from idiolect.lifecycle.audit.chain import Head
    from idiolect.lifecycle.audit.verifying import verify as verified
    from idiolect.workspace import Workspace

    workspace = Workspace(work)
    found = verified(workspace, Head.read(anchor) if anchor else None)
    log = found.log
    if emit(
        {"work": str(work), "verified": True, "anchored": anchor is not None, "audit": found}, as_json, out
    ):
        return
    click.echo(f"{workspace.audit}: {log.entries:,} entries from {log.first} to {log.last}, all as written")
    if anchor:
        click.echo("the anchor given is among them")
    if log.lag:
        click.echo(f"{workspace.audit_head.name} lags by {log.lag:,}: a process was killed as it wrote")
    if log.unfinished:
        click.echo(
            f"{log.unfinished:,} bytes after the last entry never became one: the next append takes them out"
        )
    click.echo(f"{found.manifests:,} manifests as the log knows them")
    for name in found.unlogged:
        click.echo(f"not in the log: {workspace.manifests / name}")
    click.echo(f"head {log.head}")
    click.echo(
        "Keep that line elsewhere: `audit verify --anchor` then finds a log that was cut or written anew."
    )


COMMANDS = {"verify": verify}
