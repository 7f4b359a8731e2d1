"""The licence of a base model, as its own directory states it."""

from idiolect.lifecycle.licences.folders import Folders
from idiolect.lifecycle.licences.statements import in_metadata
from idiolect.readers import front_matter
from idiolect.readers.scan import scan
from idiolect.runtimes.layout import LINEAR
from idiolect.runtimes.model_files import ModelFiles

CARD = "README.md"

_OF_A_MODEL = ("modules.json", "config.json", LINEAR)
"""Of which every model directory has one: the facts of an endpoint's model name no directory of its own."""


def base_licence(files: ModelFiles) -> str:
    """An SPDX expression, from the card's front matter (`license`, or `license_name` beside "other") or a
    licence's text; "" where the model states none, as one behind an endpoint does not.
    """
    if not any((files.path / name).is_file() for name in _OF_A_MODEL):
        return ""
    card = files.path / CARD
    if card.is_file():
        told, _ = front_matter.split(card.read_text(encoding="utf-8", errors="replace"))
        stated = in_metadata(told) or in_metadata({"license": told.get("license_name")})
        if stated:
            return stated
    return Folders(scan(files.path)).of(card).licence
