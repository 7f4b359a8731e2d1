"""`search`: what the shipped model finds in the documents of a WORK folder."""

import textwrap
from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.output import emit, width
from idiolect.workspace import Workspace


@click.command()
@click.argument("query")
@options.work
@click.option("--top", "count", type=click.IntRange(1), default=10, show_default=True, help="Chunks to show.")
@click.option(
    "--mode",
    type=click.Choice(["dense", "lexical", "hybrid"]),
    default="hybrid",
    show_default=True,
    help="Vectors, BM25, or both fused as the bundle says.",
)
@options.reporting
def search(
    query: str, work: Path, count: int, mode: str, as_json: bool, out: Path | None, quiet: bool
) -> None:
    """Search the documents of WORK with the bundle that the last run exported."""
    from idiolect.index.memory import MemoryIndex
    from idiolect.progress import for_terminal

    index = MemoryIndex(Workspace(work), for_terminal(quiet))
    hits = index.search(query, count, mode)  # type: ignore[arg-type]
    if emit({"query": query, "mode": mode, "hits": hits}, as_json, out):
        return
    for hit in hits:
        click.echo(f"{hit.rank:3}. {hit.score:7.3f}  {hit.path}  [{hit.start}:{hit.end}]")
        if hit.title:
            click.echo(f"      {hit.title}")
        click.echo(
            textwrap.fill(
                " ".join(hit.text.split()),
                width(),
                initial_indent="      ",
                subsequent_indent="      ",
                max_lines=3,
                placeholder=" …",
            )
        )
    if not hits:
        click.echo("Nothing found: no chunk shares a term with the query.")


COMMANDS = {"search": search}
