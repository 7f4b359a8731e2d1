"""What a run says at its end, in a terminal of 80 columns or more, readable without colour."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from idiolect.evaluation.examples import Example, Snippet
from idiolect.evaluation.report import RUNS, DatasetReport, Report
from idiolect.evaluation.wording import label, percent, signed

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = ("ndcg@10", "recall@10")


def closing_table(report: Report, name: str | None = None) -> "Table":
    """Runs against metrics with 95% intervals, for the decided data set or the one named."""
    from rich import box
    from rich.table import Table

    dataset = report.datasets[name or report.decided_on]
    table = Table(
        box=box.SIMPLE_HEAD,
        title=_title(name or report.decided_on, dataset),
        title_justify="left",
        title_style="",
        caption=dataset.remark or None,
        caption_justify="left",
        caption_style="",
        pad_edge=False,
        padding=(0, 1),
    )
    table.add_column("run", no_wrap=True)
    for metric in COLUMNS:
        table.add_column(f"{label(metric)}\n95% interval", justify="right", no_wrap=True)
    table.add_column(f"{label(COLUMNS[0])}\nvs dense-base", justify="right", no_wrap=True)
    for run in ordered(dataset):
        table.add_row(run, *(_cell(dataset, run, metric) for metric in COLUMNS), _against_base(dataset, run))
    return table


def against_table(report: Report) -> "Table":
    """Base, tuned and the others on the decided set: what they find, how long they take, what they cost."""
    from rich import box
    from rich.table import Table

    metric = label(report.metric)
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"against others on {report.decided_on}: {metric}, decides nothing",
        title_justify="left",
        title_style="",
        pad_edge=False,
        padding=(0, 1),
    )
    table.add_column("model", overflow="fold")
    for name in ("dense", "hybrid", "ms/query", "texts/s", "price/1M tokens"):
        table.add_column(name, justify="right", no_wrap=True)
    for other in report.against:
        kinds, speed = other.datasets.get(report.decided_on, {}), other.speed
        table.add_row(
            other.name,
            *(f"{kinds[kind][report.metric]:.3f}" if kind in kinds else "–" for kind in ("dense", "hybrid")),
            "–" if speed.query_ms is None else f"{speed.query_ms:.1f}",
            "–" if speed.passages_per_second is None else f"{speed.passages_per_second:,.0f}",
            "–" if other.price is None else f"{other.price:g} {other.currency}" if other.price else "0",
        )
    return table


def ordered(dataset: DatasetReport) -> list[str]:
    """The data set's runs: the known five in their order, then others in theirs."""
    return [run for run in RUNS if run in dataset.runs] + [run for run in dataset.runs if run not in RUNS]


def closing_lines(report: Report, width: int = 80) -> list[str]:
    """The verdict's sentence, queries won and lost, and what to try next, wrapped to `width` columns."""
    lines = _wrap(report.sentence, width)
    for text in report.warnings:
        lines += _wrap(f"Warning: {text}", width)
    for title, examples in (("Won", report.won), ("Lost", report.lost)):
        if examples:
            lines += ["", f"{title}:"]
            for example in examples:
                lines += _example(example, report.depth, width)
    if report.what_next:
        lines += ["", "What to try next:"]
        for text in report.what_next:
            lines += _wrap(text, width, first="  - ", rest="    ")
    return lines


def _title(name: str, dataset: DatasetReport) -> str:
    whose = f" ({dataset.kind})" if dataset.kind else ""
    decides = "decides" if dataset.decides else "reported"
    return f"{name}{whose}: {dataset.queries:,} queries, {dataset.documents:,} passages, {decides}"


def _cell(dataset: DatasetReport, run: str, metric: str) -> str:
    if metric not in dataset.runs[run]:
        return ""
    bounds = dataset.intervals.get(run, {}).get(metric)
    interval = f"  {bounds[0]:.3f}–{bounds[1]:.3f}" if bounds else ""
    return f"{dataset.runs[run][metric]:.3f}{interval}"


def _against_base(dataset: DatasetReport, run: str) -> str:
    base = dataset.runs.get("dense-base", {}).get(COLUMNS[0])
    value = dataset.runs[run].get(COLUMNS[0])
    if base is None or value is None or run == "dense-base":
        return ""
    return f"{signed(value - base)} {f'({percent((value - base) / base)})' if base else '':>8}"


def _example(example: Example, depth: int, width: int) -> Iterator[str]:
    style = f"  [{example.style}]" if example.style else ""
    yield from _wrap(f"“{example.query}”{style}", width, first="  - ", rest="    ", most=2)
    ranks = f"rank {place(example.rank_before, depth)} → {place(example.rank_after, depth)}"
    yield from _passage(f"right, {ranks}", example.right, width)
    for who, first, rank in (
        ("base put first", example.base_first, example.rank_before),
        ("tuned put first", example.tuned_first, example.rank_after),
    ):
        if first is not None and rank != 1:
            yield from _passage(who, first, width)


def place(rank: int | None, depth: int) -> str:
    """A rank as read: "3", or "below 100" where it was not reached."""
    return f"below {depth}" if rank is None else str(rank)


def _passage(what: str, passage: Snippet, width: int) -> Sequence[str]:
    title = f"{passage.title}: " if passage.title else ""
    return _wrap(f"{what}: {title}{passage.text}", width, first="      ", rest="        ", most=2)


def _wrap(text: str, width: int, first: str = "", rest: str = "", most: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        max_lines=most,
        placeholder=" …",
        break_on_hyphens=False,
    )
