"""`search`: what the shipped model finds in the documents of a WORK folder."""

import textwrap
from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.output import emit, width
from idiolect.errors import UsageError
from idiolect.workspace import Workspace

_CHOSEN = "chosen on dev"


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
@click.option(
    "--abstain",
    is_flag=False,
    flag_value=_CHOSEN,
    metavar="[P]",
    help="Say so where no hit answers with probability P (0 to 1), or the one that dev chose.",
)
@options.reporting
def search(
    query: str,
    work: Path,
    count: int,
    mode: str,
    abstain: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Search the documents of WORK with the bundle that the last run exported."""
    from idiolect.index.memory import MemoryIndex
    from idiolect.progress import for_terminal

    given = _probability(abstain) if abstain is not None else None
    index = MemoryIndex(Workspace(work), for_terminal(quiet))
    hits = index.search(query, count, mode)  # type: ignore[arg-type]
    figures: dict[str, Any] = {"query": query, "mode": mode}
    if abstain is not None:
        threshold = index.probabilities.threshold(mode, given)
        best = max((hit.probability or 0.0 for hit in hits), default=0.0)
        figures |= {"threshold": threshold, "best_probability": best, "abstained": best < threshold}
        hits = [] if best < threshold else hits
    if emit({**figures, "hits": hits}, as_json, out):
        return
    if figures.get("abstained"):
        click.echo(
            f"Nothing here answers this: the best hit does with probability {figures['best_probability']:.2f}, "
            f"below {figures['threshold']:.2f}."
        )
        return
    for hit in hits:
        probability = "" if hit.probability is None else f"  p {hit.probability:.2f}"
        click.echo(f"{hit.rank:3}. {hit.score:7.3f}{probability}  {hit.path}  [{hit.start}:{hit.end}]")
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


def _probability(text: str) -> float | None:
    """None for dev's own.  Raises UsageError for what is none, such as the query after a bare --abstain."""
    if text == _CHOSEN:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(f"--abstain {text!r} is no probability: give 0 to 1, or --abstain after the query")
    return value


COMMANDS = {"search": search}
