"""`reproduce`: a manifest's run again, and what comes out otherwise."""

from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.output import emit, print_lines, print_table


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "-w",
    "--work",
    type=click.Path(path_type=Path),
    help="A new folder to run it in (default: WORK-reproduced, beside the WORK that the manifest is of).",
)
@click.option(
    "--docs", type=click.Path(path_type=Path), help="Where DOCS lie now, if not where the manifest says."
)
@options.settings
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    help="By how much a figure may differ where outputs do.  [0.005]",
)
@click.option("--pay", is_flag=True, help="Ask an LLM again whose answers are in no cache.")
@options.reporting
def reproduce(
    manifest: Path,
    work: Path | None,
    docs: Path | None,
    settings: tuple[str, ...],
    tolerance: float | None,
    pay: bool,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> int:
    """Run MANIFEST, a file of WORK/manifests, and all that it rests on again, and compare what comes out.

    Settings, DOCS and seed are the manifest's; LLM answers come from its WORK's cache. Exit code 1 says that
    something is other.
    """
    from idiolect.progress import for_terminal
    from idiolect.reproducing import reproduce as reproduced
    from idiolect.reproducing.comparing import TOLERANCE

    progress = for_terminal(quiet)
    tolerance = TOLERANCE if tolerance is None else tolerance
    found = reproduced(manifest, work, progress, docs, settings, pay, tolerance)
    if not emit({"agrees": found.agrees, "failed": found.failed, "reproduction": found}, as_json, out):
        print_lines([f"Changed since: {line}" for line in found.changed])
        print_table(_table(found))
        print_lines(_closing(found))
    return 0 if found.agrees else 1


_STATES = {
    "identical": "identical",
    "equal": "the same",
    "close": "differs, its figures agree",
    "other": "differs",
}


def _table(found: Any) -> Any:
    from rich.table import Table

    table = Table("stage", "output", "", box=None, pad_edge=False)
    for one in found.outputs:
        table.add_row(one.stage, one.name, f"{_STATES[one.state]}{f' ({one.how})' if one.how else ''}")
    return table


def _closing(found: Any) -> list[str]:
    """Figures that differ, what was paid, and whether it was reproduced."""
    lines = [""]
    for gap in found.gaps:
        lines.append(
            f"{gap.stage}: {gap.figure} was {gap.then}, is {gap.now}{' (beyond)' if gap.beyond else ''}"
        )
    if found.calls:
        lines.append(f"{found.calls:,} calls to an LLM whose answers no cache held")
    same = sum(one.state == "identical" for one in found.outputs)
    lines.append(
        f"{same} of {len(found.outputs)} outputs are identical to the byte; {found.figures - len(found.gaps):,} of "
        f"{found.figures:,} figures are equal (tolerance of the others {found.tolerance:g})."
    )
    if found.agrees:
        lines.append("Reproduced.")
    else:
        more = f" and {len(found.failed) - 5} more" if len(found.failed) > 5 else ""
        lines.append(f"Not reproduced: {', '.join(found.failed[:5])}{more} differ.")
    return lines


COMMANDS = {"reproduce": reproduce}
