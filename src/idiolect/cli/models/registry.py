"""What the commands on the registry share: its options, and how it is opened."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.errors import UsageError

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.promoting import Promoted

registry_option = click.option(
    "--registry",
    "uri",
    metavar="URI",
    help="A folder, or http(s)://… of an MLflow server (default: IDIOLECT_REGISTRY, registry.uri, idiolect-registry).",
)
registered = options.together(registry_option, options.configured)
override = click.option(
    "--override", metavar="REASON", help="Do it although the gate refuses; who, when and why are recorded."
)
expect = click.option(
    "--expect",
    metavar="VERSION",
    help="Only where the alias stands on this version now (a number, or none): what you looked at is what you replace.",
)


def open_registry(
    uri: str | None, config_path: Path | None, settings: tuple[str, ...], create: bool = False
) -> "Registry":
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.references import registry_uri

    return Registry.at(registry_uri(uri, configuration.load(config_path, settings)), create)


def expected(text: str | None) -> int | None:
    """Raises UsageError for what is neither a number nor "none"."""
    if text is None:
        return None
    if text != "none" and not text.isdecimal():
        raise UsageError(f"--expect {text!r} is no version: give its number, or none")
    return 0 if text == "none" else int(text)


def told(promoted: "Promoted") -> list[str]:
    """What a promotion or rollback did, in lines."""
    version, alias, entry = promoted.version, promoted.alias, promoted.entry
    if entry is None:
        return [f"{version} is {alias} already"]
    before = f", after {version.name}@{entry.before}" if entry.before else ""
    lines = [f"{version} is {alias} now{before}"]
    if entry.refused:
        lines.append(f"overridden, which is recorded: {entry.refused}")
    return [*lines, *promoted.gate.notes]
