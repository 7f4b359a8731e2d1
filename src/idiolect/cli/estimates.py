"""What a dry run says: which stages would run and why, and what each of them would cost."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from idiolect.cli.output import width
from idiolect.estimates.bills import Bill
from idiolect.estimates.estimate import Estimate, estimate
from idiolect.stages.context import Context

if TYPE_CHECKING:
    from rich.table import Table

_NOTABLE_MB = 100.0

COLUMNS = ("LLM calls", "LLM tokens", "price", "minutes", "disk", "memory")


def planned(done: Sequence[Any], context: Context) -> list[dict[str, Any]]:
    """One row a stage of the plan: `stage`, `would_run`, `reason`, and the estimate where it would run."""
    stale = [item.stage for item in done if not item.skipped]
    found = {one.stage: one for one in estimate(context.workspace, context.config, context.source, stale)}
    rows: list[dict[str, Any]] = []
    for item in done:
        row = {"stage": item.stage, "would_run": not item.skipped, "reason": item.reason}
        if item.stage in found:
            row |= msgspec.to_builtins(found[item.stage])
        rows.append(row)
    return rows


def plan_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [f"{row['stage']:10} {_state(row)}" for row in rows]


def _state(row: dict[str, Any]) -> str:
    return f"would run: {row['reason']}" if row["would_run"] else "up to date"


def cost_table(rows: Sequence[dict[str, Any]]) -> "Table":
    """The estimates of the stages that would run, and their total."""
    from rich import box
    from rich.table import Table

    found = [msgspec.convert(row, Estimate) for row in rows if row["would_run"]]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("estimate", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        table.add_row(one.stage, *cells(one))
        for part in one.bills if len(one.bills) > 1 else ():
            table.add_row(f"  {part.purpose}", *asking_cells(part))
    if len(found) > 1:
        table.add_section()
        table.add_row("total", *cells(total(found)))
    return table


def total(rows: Sequence[Estimate]) -> Estimate:
    """Sums; of memory and scratch the highest. A figure that some stage lacks is the others' sum."""
    return Estimate(
        stage="total",
        minutes=_sum([one.minutes for one in rows]),
        untimed=any(one.minutes is None or one.untimed for one in rows),
        llm_calls=_whole([one.llm_calls for one in rows]),
        prompt_tokens=_whole([one.prompt_tokens for one in rows]),
        completion_tokens=_whole([one.completion_tokens for one in rows]),
        price=None if any(one.price is None for one in rows) else _sum([one.price for one in rows]),
        currency=next((one.currency for one in rows if one.price), "USD"),
        disk_mb=_sum([one.disk_mb for one in rows]),
        scratch_mb=max((one.scratch_mb or 0.0 for one in rows), default=0.0),
        memory_mb=max((one.memory_mb or 0.0 for one in rows), default=0.0) or None,
    )


def cells(one: Estimate) -> list[str]:
    """A row of the table; "?" for what is not known."""
    return [
        *asking_cells(one),
        "?" if one.minutes is None else minutes(one.minutes) + (" + ?" if one.untimed else ""),
        "?" if one.disk_mb is None else f"{one.disk_mb:,.0f} MB",
        "?" if one.memory_mb is None else f"{one.memory_mb / 1000:,.1f} GB",
    ]


def asking_cells(one: Estimate | Bill) -> list[str]:
    """Calls, tokens and price."""
    return [
        "?" if one.llm_calls is None else f"{one.llm_calls:,}",
        "?" if one.prompt_tokens is None else f"{one.prompt_tokens + (one.completion_tokens or 0):,}",
        "?" if one.price is None else f"{one.price:,.2f} {one.currency}" if one.price else "0",
    ]


def minutes(value: float) -> str:
    return "< 0.1" if value < 0.05 else f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def closing_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What the figures rest on, each thing once, and what they do not say."""
    stale = [row for row in rows if row["would_run"]]
    notes = list(dict.fromkeys(note for row in stale for note in row.get("basis", [])))
    scratch = [row for row in stale if (row.get("scratch_mb") or 0.0) >= _NOTABLE_MB]
    notes += [
        f"{row['stage']} needs {row['scratch_mb']:,.0f} MB more on disk while it runs" for row in scratch
    ]
    certain = "Estimates, good to about a factor of two; nothing was spent and nothing written."
    return [*(line for note in notes for line in _wrapped(note)), certain] if notes else []


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(
        note, width(), initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 6) if known else None


def _whole(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
