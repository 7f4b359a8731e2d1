"""`models compare`: two versions, query by query."""

from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.models.registry import open_registry, registered
from idiolect.cli.output import emit, print_lines


@click.command()
@click.argument("a", metavar="NAME[@VERSION]")
@click.argument("b", metavar="NAME[@VERSION]")
@registered
@options.as_json
@options.out
def compare(
    a: str,
    b: str,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """What the second serves against what the first serves, on the test queries that both were measured on."""
    from idiolect.lifecycle.registry.listing import compare as compared
    from idiolect.lifecycle.registry.references import Reference

    registry = open_registry(uri, config_path, settings)
    found = compared(registry, registry.find(Reference.parse(a)), registry.find(Reference.parse(b)))
    if not emit(found, as_json, out):
        print_lines(_lines(found))


def _lines(found: Any) -> list[str]:
    from idiolect.evaluation.wording import evidence, label, signed

    lines = [
        f"{dataset}: {found.b} against {found.a} {signed(comparison.delta)} {label(comparison.metric)} "
        f"({evidence(comparison)})"
        for dataset, comparison in found.comparisons.items()
    ]
    if found.reason:
        lines.append(f"not comparable query by query: {found.reason}")
    if found.metrics:
        width = max(map(len, found.metrics))
        lines.append(f"{'each as its own report has it':{width}}  {found.a:>12}  {found.b:>12}")
        lines += [f"{name:{width}}  {x:12.4f}  {y:12.4f}" for name, (x, y) in found.metrics.items()]
    return lines


COMMANDS = {"compare": compare}
