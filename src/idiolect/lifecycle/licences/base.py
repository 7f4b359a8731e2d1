"""The licence of a base model, as its own directory states it."""

from pathlib import Path

from idiolect.lifecycle.licences.folders import Folders
from idiolect.lifecycle.licences.statements import in_metadata
from idiolect.readers import front_matter
from idiolect.readers.scan import scan
from idiolect.runtimes.layout import LINEAR

CARD = "README.md"

_OF_A_MODEL = ("modules.json", "config.json", LINEAR)
"""Of which every model directory has one: the facts of an endpoint's model name no directory of its own."""


def base_licence(directory: Path) -> str:
    """An SPDX expression, from the card's front matter (`license`, or `license_name` beside "other") or a
    licence's text; "" where the model states none, as one behind an endpoint does not.
    """
    if not any((directory / name).is_file() for name in _OF_A_MODEL):
        return ""
    card = directory / CARD
    if card.is_file():
        told, _ = front_matter.split(card.read_text(encoding="utf-8", errors="replace"))
        stated = in_metadata(told) or in_metadata({"license": told.get("license_name")})
        if stated:
            return stated
    return Folders(scan(directory)).of(card).licence
