"""`models list`: the registry, one line a model."""

from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.models.registry import open_registry, registered
from idiolect.cli.output import emit, print_lines

_SPANS = ((86_400 * 365, "y"), (86_400, "d"), (3_600, "h"), (60, "min"))


@click.command(name="list")
@click.option("--domain", default="", metavar="A/B", help="Only models of this domain, and those below it.")
@registered
@options.as_json
@options.out
def listed(
    domain: str,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """One line a model: champion, domain, base, age, drift, taint, licences, verdict and gain."""
    from idiolect.lifecycle.registry.listing import models

    registry = open_registry(uri, config_path, settings)
    found = models(registry, domain)
    if emit({"registry": registry.shown, "models": found}, as_json, out):
        return
    if not found:
        click.echo(f"{registry.shown} holds no model{f' of {domain}' if domain else ''}")
        return
    print_lines(_lines(found))


def _lines(models: Any) -> list[str]:
    """A line a model, never folded, so that it can be searched; numbers to the right."""
    from idiolect.evaluation.wording import signed

    rows = [["model", "champion", "domain", "base", "age", "drift", "taint", "licences", "verdict", "gain"]]
    for model in models:
        champion = f"{model.champion or 'none'} of {model.versions}"
        challenger = f", {model.challenger} challenges" if model.challenger else ""
        gain = "—" if model.gain is None else signed(model.gain)
        facts = (
            model.domain or "—",
            model.base,
            _age(model.age),
            model.drift.partition(":")[0],  # what drifted, `models show` says
            model.taint or "no",
            _denied(model),
            model.verdict,
        )
        rows.append([model.name, champion + challenger, *facts, gain])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                *(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)),
                row[-1].rjust(widths[-1]),
            ]
        )
        for row in rows
    ]


def _denied(model: Any) -> str:
    """What the licences of its documents deny."""
    denied = {"training": model.licences, "redistribution": model.redistribution}
    return "deny " + ", ".join(use for use, by in denied.items() if by) if any(denied.values()) else "—"


def _age(seconds: float) -> str:
    """ "3 d": whole units of the largest that fits."""
    return next((f"{int(seconds // span)} {unit}" for span, unit in _SPANS if seconds >= span), "new")


COMMANDS = {"list": listed}
