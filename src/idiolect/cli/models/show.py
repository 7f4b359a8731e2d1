"""`models show`: one version, and its model's history."""

from pathlib import Path
from typing import Any

import click

from idiolect.cli import options
from idiolect.cli.models.registry import open_registry, registered
from idiolect.cli.output import emit, print_lines

_FACTS = (
    "digest", "aliases", "domain", "base", "weights", "verdict", "gain", "metric", "created", "published", "bytes",
    "licences", "redistribution", "drift", "taint", "override", "audit_head", "model_digest", "base_digest",
)  # fmt: skip
_DENIALS = ("licences", "redistribution")


@click.command()
@click.argument("reference", metavar="NAME[@VERSION]")
@registered
@options.as_json
@options.out
def show(
    reference: str,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """A version's facts, figures and files, and who promoted what of its model; the newest where none is named.

    VERSION is a number, champion, challenger, or the beginning of a bundle's digest.
    """
    from idiolect.lifecycle.registry.listing import show as shown
    from idiolect.lifecycle.registry.references import Reference

    registry = open_registry(uri, config_path, settings)
    found = shown(registry, registry.find(Reference.parse(reference)))
    if not emit(found, as_json, out):
        print_lines(_lines(found))


def _lines(found: Any) -> list[str]:
    version = found.version
    lines = [str(version)]
    for name in _FACTS:
        value = getattr(version, name)
        value = ", ".join(value) if isinstance(value, list) else value
        value = f"denied: {value}" if value and name in _DENIALS else value
        if value not in ("", None):
            lines.append(f"  {name:12}  {value:.4f}" if isinstance(value, float) else f"  {name:12}  {value}")
    deciding = {name: value for name, value in found.metrics.items() if "/" not in name}
    lines += [f"  {name:12}  {value:.4f}" for name, value in sorted(deciding.items()) if name != "gain"]
    lines.append(f"  {'files':12}  {', '.join(found.files)}")
    lines += ["history" if found.history else "never promoted"]
    for entry in found.history:
        void = "  (void: another came first)" if entry.number in found.void else ""
        over = f"  override: {entry.reason}" if entry.reason else ""
        told = f"{entry.action} {entry.alias} {entry.before or 'none'} → {entry.version}"
        lines.append(f"  {entry.when}  {entry.who}  {told}{over}{void}")
    for alias, stands in found.outside.items():
        lines.append(
            f"warning: MLflow's alias {alias} stands on {stands or 'nothing'}, which no promotion above did"
        )
    return lines


COMMANDS = {"show": show}
