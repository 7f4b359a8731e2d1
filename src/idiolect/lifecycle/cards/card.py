"""A bundle's model card: README.md, as the Hugging Face Hub shows it."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from idiolect.evaluation.closing import ordered
from idiolect.lifecycle.cards.described import Described
from idiolect.lifecycle.cards.front_matter import front_matter
from idiolect.lifecycle.cards.limits import limits, privacy
from idiolect.lifecycle.cards.markdown import FILTERS, Marked, code, shown
from idiolect.runtimes.layout import BILL

_PATHS = ("base", "start", "cross_encoder")
"""Settings of training that may name a folder: of that its last part is told, and no path of a machine."""


def render_card(described: Described) -> str:
    """Front matter and Markdown; equal facts give equal text.

    Whatever comes from documents, models or settings is escaped, and cannot become markup of the card.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("idiolect", "lifecycle/cards"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=shown,
    )
    environment.filters.update(FILTERS)
    text = environment.get_template("card.md").render(
        it=described,
        bill=BILL,
        environment=_environment(described),
        hardware=described.section_of("train", "hardware"),
        limits=limits(described),
        ordered=ordered,
        privacy=privacy(described),
        settings=_settings(described.section_of("train", "settings").get("train", {})),
    )
    matter = msgspec.yaml.encode(front_matter(described)).decode()
    return f"---\n{matter}---\n\n{text}"


def _environment(described: Described) -> dict[str, str]:
    """What → its digest: the code that trained, and the packages that it ran with."""
    code, lock = described.section_of("train", "code"), described.section_of("train", "lock")
    told = {"idiolect's code": code.get("digest"), "the installed packages": lock.get("digest")}
    return {name: digest for name, digest in told.items() if digest}


def _settings(settings: Mapping[str, Any]) -> dict[str, Marked]:
    """What training was set to, without what was left empty."""
    told = {}
    for name, value in settings.items():
        if name in _PATHS and PurePath(value).is_absolute():
            value = PurePath(value).name
        if isinstance(value, float):
            value = f"{value:g}"
        told[name] = code(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    return {name: value for name, value in told.items() if value}
