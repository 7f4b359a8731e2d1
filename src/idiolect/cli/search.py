"""`search`: what the shipped model finds in the documents of a WORK folder, or in a store that `index` made."""

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
@click.argument("query", required=False)
@options.work
@click.option("--store", metavar="URI", help="Search what `index` made there, instead of WORK.")
@options.store_bundle
@click.option(
    "--where",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only documents with this path, language or metadata; of one key any, of several keys all. Needs --store.",
)
@click.option(
    "--unit",
    type=click.Choice(["chunk", "document"]),
    default="chunk",
    show_default=True,
    help="Show chunks, or each document once, by its best chunk (with --store).",
)
@click.option(
    "--context",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Show N chunks on either side (with --store).",
)
@click.option("--top", "count", type=click.IntRange(1), default=10, show_default=True, help="Chunks to show.")
@click.option(
    "--mode",
    type=click.Choice(["dense", "lexical", "hybrid"]),
    default="hybrid",
    show_default=True,
    help="Vectors, BM25, or both fused as the bundle says.",
)
@click.option(
    "--rerank",
    metavar="MODEL",
    help="Let a cross-encoder (a directory, or a name in the hub's cache) order the best hits (with --store).",
)
@click.option(
    "--queries",
    "queries_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Search for all of these instead of QUERY: BEIR's queries.jsonl, or a CSV of query and document.",
)
@click.option(
    "--qrels",
    "qrels_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Judgments of those queries' documents: print nDCG@10 and the like, by documents.",
)
@click.option(
    "--run",
    "run_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what those queries found, as trec_eval reads it.",
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
    query: str | None,
    work: Path,
    store: str | None,
    bundle_path: Path | None,
    where: tuple[str, ...],
    unit: str,
    context: int,
    count: int,
    mode: str,
    rerank: str | None,
    queries_path: Path | None,
    qrels_path: Path | None,
    run_path: Path | None,
    abstain: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Search the documents of WORK with the bundle that the last run exported, or a store with its own."""
    if (query is None) == (queries_path is None):
        raise UsageError("give a QUERY to search for, or --queries FILE with many")
    if queries_path is None and (qrels_path or run_path):
        raise UsageError("--qrels and --run need --queries FILE")
    if store is None:
        if where or context or bundle_path or rerank or queries_path or unit != "chunk":
            raise UsageError("--where, --unit, --context, --bundle, --rerank and --queries need --store")
        _search_work(query or "", work, count, mode, abstain, as_json, out, quiet)
        return
    if abstain is not None:
        raise UsageError("--abstain works on WORK alone: a store keeps no calibration")
    from idiolect.cli import store_search

    conditions = store_search.Conditions(mode, tuple(where), unit, count, rerank)
    if queries_path is not None:
        if context:
            raise UsageError("--context shows one query's hits: leave it out with --queries")
        files = store_search.Files(queries_path, qrels_path, run_path)
        store_search.many(store, bundle_path, conditions, files, as_json, out, quiet)
    else:
        hits = store_search.one(store, bundle_path, query or "", conditions, context, as_json, out)
        for hit in hits:
            _show(hit)


def _search_work(
    query: str,
    work: Path,
    count: int,
    mode: str,
    abstain: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
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
        _show(hit, "" if hit.probability is None else f"  p {hit.probability:.2f}")
    if not hits:
        click.echo("Nothing found: no chunk shares a term with the query.")


def _show(hit: Any, probability: str = "") -> None:
    click.echo(f"{hit.rank:3}. {hit.score:7.3f}{probability}  {hit.path}  [{hit.start}:{hit.end}]")
    if hit.title:
        click.echo(f"      {hit.title}")
    near = [*getattr(hit, "before", ()), hit, *getattr(hit, "after", ())]
    text = " ".join(" ".join(one.text.split()) for one in near)
    indent = "      "
    lines = 3 if len(near) == 1 else None
    shown = textwrap.fill(
        text, width(), initial_indent=indent, subsequent_indent=indent, max_lines=lines, placeholder=" …"
    )
    click.echo(shown)


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
