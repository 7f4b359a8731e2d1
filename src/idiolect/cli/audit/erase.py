"""`audit erase`: a document out of WORK, caches and stores, with a certificate."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect.cli import options
from idiolect.cli.output import emit, print_lines
from idiolect.errors import InputError, UsageError

if TYPE_CHECKING:
    from idiolect.erasing.erasure import Preview


@click.command()
@click.option("--document", "named", multiple=True, metavar="D", help="Its id or path; repeatable.")
@click.option("--documents", type=click.Path(path_type=Path), help="A file with one id or path a line.")
@click.option(
    "--dry-run", is_flag=True, help="List what would go and what would be tainted, and change nothing."
)
@click.option("--also", is_flag=True, help="Erase the documents too that share passages with it.")
@click.option(
    "--store",
    "uris",
    multiple=True,
    metavar="URI",
    help="A store beside those that lineage knows; repeatable.",
)
@click.option("--leave", multiple=True, metavar="URI", help="A store to leave as it is; repeatable.")
@click.option("--registry", metavar="URI", help="Mark what was published there from tainted artefacts.")
@click.option(
    "--resume", "resumed", is_flag=True, help="Go on with an erasure that was killed or found something."
)
@options.work
@options.reporting
def erase(
    named: tuple[str, ...],
    documents: Path | None,
    dry_run: bool,
    also: bool,
    uris: tuple[str, ...],
    leave: tuple[str, ...],
    registry: str | None,
    resumed: bool,
    work: Path,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Take documents, and all that was written from them, out of WORK, its caches and stores; certify it."""
    given = [*named, *(_listed(documents) if documents else ())]
    if resumed == bool(given):
        raise UsageError("give --document D or --documents FILE, or --resume alone")
    from idiolect.erasing import certificate, erasure
    from idiolect.progress import for_terminal
    from idiolect.workspace import Workspace

    workspace = Workspace(work)
    if dry_run:
        found = erasure.preview(workspace, given, uris, also, leave, _registry(registry))
        if not emit(found, as_json, out):
            print_lines(_preview(found))
        return
    progress = for_terminal(quiet)
    done = (
        erasure.resume(workspace, progress)
        if resumed
        else erasure.erase(workspace, given, uris, also, leave, _registry(registry), progress)
    )
    if not emit(done, as_json, out):
        print_lines(certificate.lines(done))


def _registry(given: str | None) -> str:
    """The one that is given, or that commands find without being told, where that is there."""
    from idiolect.lifecycle.registry import registry_uri

    uri = given or registry_uri()
    return uri if given or "://" in uri or Path(uri).is_dir() else ""


def _listed(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--documents {path} cannot be read: {error}") from None


def _preview(found: "Preview") -> list[str]:
    from idiolect.lifecycle.lineage.graph import USES

    resolved = found.resolved
    meant = {one.artefact: [USES[use] for use in USES if use in one.uses] for one in found.tainted}
    return [
        f"Would erase: {', '.join(resolved.asked)}",
        *([f"and its copies: {', '.join(resolved.copies)}"] if resolved.copies else []),
        *(
            [f"sharing passages, and kept without --also: {', '.join(resolved.sharing)}"]
            if resolved.sharing
            else []
        ),
        *(f"  {count:>7,} {kind}" for kind, count in found.removed.items()),
        *(f"  left as it is: store {uri}" for uri in found.left),
        *(f"Would taint: {one.kind} {one.name}: what goes {'; '.join(uses)}" for one, uses in meant.items()),
        *(f"Not known: {text}" for text in found.unknown),
        "Nothing was changed.",
    ]


COMMANDS = {"erase": erase}
