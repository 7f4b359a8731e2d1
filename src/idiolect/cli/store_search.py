"""`search --store`: one query's hits, or what many queries find, how fast, and what it is worth."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from idiolect.cli.output import emit, print_table
from idiolect.errors import InputError, UsageError

if TYPE_CHECKING:
    from idiolect.index.searching import Searcher
    from idiolect.index.store import Found

NOTHING = "Nothing found: no chunk shares a term with the query."

SHOWN = ("ndcg@10", "recall@10", "recall@100", "mrr@10")


@dataclass(frozen=True)
class Conditions:
    """What is searched for and how much is shown; `rerank` names a cross-encoder."""

    mode: str
    where: tuple[str, ...]
    unit: str
    count: int
    rerank: str | None

    @property
    def told(self) -> dict[str, Any]:
        return {"mode": self.mode, "unit": self.unit, "where": list(self.where), "rerank": self.rerank}


@dataclass(frozen=True)
class Files:
    queries: Path
    qrels: Path | None
    run: Path | None


def one(
    uri: str,
    bundle: Path | None,
    query: str,
    conditions: Conditions,
    context: int,
    as_json: bool,
    out: Path | None,
) -> "list[Found]":
    """The hits to show: none where JSON takes stdout."""
    from idiolect.index.store import grouped

    where = grouped(conditions.where)
    searcher = _opened(uri, bundle, conditions)
    hits = searcher.search(query, conditions.count, conditions.mode, where, conditions.unit, context)  # type: ignore[arg-type]
    if emit({"query": query, **conditions.told, "hits": hits}, as_json, out):
        return []
    if not hits:
        click.echo(NOTHING if not where else f"Nothing found with {', '.join(conditions.where)}.")
    return hits


def many(
    uri: str,
    bundle: Path | None,
    conditions: Conditions,
    files: Files,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    import msgspec

    from idiolect.config import Prepare
    from idiolect.evaluation.beir import read_queries
    from idiolect.evaluation.labels import is_json_lines, read_labels
    from idiolect.index import judging
    from idiolect.index.store import grouped, shown
    from idiolect.progress import for_terminal

    if not files.queries.is_file():
        raise UsageError(f"--queries {files.queries} is no file")
    where, progress = grouped(conditions.where), for_terminal(quiet)
    labels = []
    if files.qrels or not is_json_lines(files.queries):
        labels = read_labels(Prepare(queries=str(files.queries), qrels=str(files.qrels or "")))
        texts = {label.id: label.text for label in labels}
    else:
        texts = {identifier: line.text for identifier, line in read_queries(files.queries).items()}
    if not texts:
        raise InputError(f"--queries {files.queries} holds no query")
    searcher = _opened(uri, bundle, conditions)
    unit, count = (
        ("document", max(conditions.count, 100) + 1) if labels else (conditions.unit, conditions.count)
    )
    if labels:
        labels, rejected = judging.named(labels, searcher.reader)
        if rejected:
            progress.note(f"{len(rejected):,} judgments cannot be used, such as of {rejected[0].document!r}")
        if not labels:
            raise InputError(f"no query of {files.queries} is judged on a document that {shown(uri)} holds")
        texts = {label.id: texts[label.id] for label in labels}
    asked = judging.ask(
        texts,
        lambda text: searcher.rank(text, count, conditions.mode, where, unit),  # type: ignore[arg-type]
        progress,
    )
    latency = judging.Latency.of(asked.seconds)
    figures: dict[str, Any] = {"store": shown(uri), **conditions.told, "unit": unit, "queries": len(texts)}
    figures["milliseconds"] = msgspec.to_builtins(latency)
    run = {"lexical": "bm25"}.get(conditions.mode, conditions.mode)
    if labels:
        figures["runs"] = {run: judging.measured(asked, labels)}
    if files.run:
        judging.write_run(files.run, asked, unit)
    if not emit(figures, as_json, out):
        _show(figures, run, latency, f"{shown(uri)}: {len(texts):,} queries, by {unit}")


def _opened(uri: str, bundle: Path | None, conditions: Conditions) -> "Searcher":
    from idiolect.indexing import open_searcher

    reranker = None
    if conditions.rerank:
        from idiolect.runtimes.cross_encoder import CrossEncoder

        reranker = CrossEncoder(conditions.rerank, "--rerank")
    return open_searcher(uri, bundle, reranker)


def _show(figures: dict[str, Any], run: str, latency: Any, title: str) -> None:
    from rich import box
    from rich.table import Table

    from idiolect.evaluation.wording import label

    metrics = figures.get("runs", {}).get(run, {})
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="")
    table.add_column("run", no_wrap=True)
    shown = [metric for metric in SHOWN if metric in metrics]
    for name in [*map(label, shown), "p50 ms", "p95 ms"]:
        table.add_column(name, justify="right")
    values = [*(f"{metrics[metric]:.4f}" for metric in shown), f"{latency.p50:.1f}", f"{latency.p95:.1f}"]
    table.add_row(run + (" + rerank" if figures["rerank"] else ""), *values)
    print_table(table)
