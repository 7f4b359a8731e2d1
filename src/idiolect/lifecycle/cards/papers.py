"""What goes along with a bundle for those who are to trust it: its model card and its bill of materials."""

from pathlib import Path
from typing import Any

from idiolect.bundle import Bundle, Manifest, listed
from idiolect.config import Config
from idiolect.errors import BundleError, InputError
from idiolect.files import read_json, write_json, write_text
from idiolect.lifecycle.cards.bom import bill
from idiolect.lifecycle.cards.card import render_card
from idiolect.lifecycle.cards.gathering import gather
from idiolect.lifecycle.cards.installed import installed
from idiolect.runtimes.layout import BILL, CARD, WEIGHTS
from idiolect.workspace import Workspace


def add_papers(draft: Path, work: Workspace, config: Config, manifest: Manifest, base: Path | None) -> None:
    """Write both into a bundle's folder that holds everything else but manifest.json.

    `base` is the base model's directory, None where it runs elsewhere.  The same run and the same packages give
    the same bytes.  Raises InputError where a file in WORK cannot be read.
    """
    described = gather(work, config, manifest, draft / WEIGHTS, base)
    write_text(draft / CARD, render_card(described))
    write_json(draft / BILL, bill(described, listed(draft), installed()))


def card_of(bundle: Bundle) -> str:
    """README.md. Raises BundleError where the bundle has none."""
    return _paper(bundle, CARD).read_text(encoding="utf-8")


def bill_of(bundle: Bundle) -> Any:
    """bom.cdx.json. Raises BundleError where the bundle has none, or one that is no JSON."""
    try:
        return read_json(_paper(bundle, BILL))
    except InputError as error:
        raise BundleError(str(error)) from None


def _paper(bundle: Bundle, name: str) -> Path:
    path = bundle.path / name
    if not path.is_file():
        raise BundleError(f"bundle {bundle.path} has no {name}: `idiolect export` writes one")
    return path
