"""The findings of bench/serve.py as Markdown."""

from collections.abc import Iterator
from typing import Any

BASELINE = "sentence-transformers + FastAPI"


def markdown(found: dict[str, Any]) -> str:
    return "\n".join([*_lines(found), ""])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    machine = found["machine"]
    yield (
        f"{machine['cores']} cores, load {machine['load']:.1f} before; servers on cores {machine['server_cores']}, the "
        f"load generator on {machine['client_cores']}; bf16 products: {machine['layer'] / 1e9:,.0f} GFLOP/s as in a "
        f"layer, {machine['square'] / 1e9:,.0f} square."
    )
    if found["servers"]:
        yield from ("", "| | starts in s | peak MB |", "|---|---|---|")
    for name, server in found["servers"].items():
        yield f"| {name} | {server['start_seconds']:.1f} | {server['peak_megabytes']:,.0f} |"
    if any(server["throughput"] for server in found["servers"].values()):
        yield from _throughput(found["servers"])
    if any(server["overload"] for server in found["servers"].values()):
        yield from _overload(found["servers"])
    if found["swaps"]:
        yield from _swaps(found["swaps"])


def _throughput(servers: dict[str, Any]) -> Iterator[str]:
    base = {_cell(row): row["texts_per_second"] for row in servers.get(BASELINE, {}).get("throughput", [])}
    yield from ("", f"Ratio: texts/s by those of {BASELINE}. Client: cores that the load generator took.", "")
    yield from _head(
        "texts, a request, at once, server, texts/s, ratio, p50 ms, p95, p99, of ceiling, 429s, wrong, client"
    )
    rows = [(_cell(row), name, row) for name, server in servers.items() for row in server["throughput"]]
    order = {cell: number for number, cell in enumerate(dict.fromkeys(cell for cell, _, _ in rows))}
    for cell, name, row in sorted(rows, key=lambda item: order[item[0]]):
        ratio = f"{row['texts_per_second'] / base[cell]:.2f}" if base.get(cell) else ""
        p50, p95, p99 = (_shown(row["milliseconds"][rank]) for rank in ("p50", "p95", "p99"))
        yield (
            f"| {row['texts']} | {row['per_request']} | {row['concurrency']} | {name} | {row['texts_per_second']:,.1f} "
            f"| {ratio} | {p50} | {p95} | {p99} | {row['share_of_ceiling']:.0%} | {row['refused']} | {row['wrong']} "
            f"| {row['client_cpu']:.2f}{_failed(row['outcomes'])} |"
        )


def _overload(servers: dict[str, Any]) -> Iterator[str]:
    yield from ("", "Overload, requests of one text at a multiple of what the server can do:", "")
    yield from _head(
        "server, texts, capacity/s, sent/s, for s, right, wrong, 429, others, p50 ms, p99, MB first/most/last"
    )
    for name, server in servers.items():
        for row in server["overload"]:
            others = ", ".join(f"{count} {what}" for what, count in row["other"].items()) or "0"
            memory = " / ".join(f"{row['megabytes'][when]:,.0f}" for when in ("first", "most", "last"))
            yield (
                f"| {name} | {row['texts']} | {row['capacity']:,.0f} | {row['rate']:,.0f} | {row['seconds']:.0f} "
                f"| {row['right']:,} | {row['wrong']} | {row['refused']:,} | {others} "
                f"| {_shown(row['milliseconds']['p50'])} | {_shown(row['milliseconds']['p99'])} | {memory} |"
            )


def _swaps(row: dict[str, Any]) -> Iterator[str]:
    lost = ", ".join(f"{count} {what}" for what, count in row["lost"].items()) or "none"
    one, other = row["answers"]
    yield ""
    yield (
        f"{row['swaps']} swaps with 32 requests open: {one:,} answers of one bundle, {other:,} of the other, "
        f"{row['wrong']} wrong, lost: {lost}; a swap took {row['slowest_seconds']:.1f} s at most; "
        f"p50 {_shown(row['milliseconds']['p50'])} ms, p99 {_shown(row['milliseconds']['p99'])} ms."
    )


def _head(columns: str) -> Iterator[str]:
    names = columns.split(", ")
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"


def _cell(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["texts"], row["per_request"], row["concurrency"]


def _failed(outcomes: dict[str, int]) -> str:
    failed = {what: count for what, count in outcomes.items() if what != "200"}
    return "".join(f"; {count} x {what}" for what, count in failed.items())


def _shown(milliseconds: float | None) -> str:
    return (
        ""
        if milliseconds is None
        else f"{milliseconds:,.0f}"
        if milliseconds >= 10
        else f"{milliseconds:.1f}"
    )
