"""The base model as others know it: its licence, its id on the Hugging Face Hub, or its address."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from idiolect.bundle import Base
from idiolect.config import is_endpoint
from idiolect.files import read_json
from idiolect.lifecycle.cards.described import Origin
from idiolect.lifecycle.licences.base import base_licence
from idiolect.runtimes.model_files import DEFAULT_BASE

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def origin(base: Base, setting: str, directory: Path | None) -> Origin:
    """What `train.base` and the model's directory, None where there is none, say of the base of a bundle."""
    return Origin(
        name=base.name,
        digest=base.digest,
        licence=base_licence(directory) if directory is not None else "",
        hub=_hub_id(setting),
        endpoint=address(setting) if is_endpoint(setting) else "",
    )


def address(url: str) -> str:
    """A URL without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.scheme}://{host}{port}{parts.path}{fragment}"


def _hub_id(setting: str) -> str:
    if setting == "auto":
        return f"sentence-transformers/{DEFAULT_BASE}"
    return setting if _HUB_ID.fullmatch(setting) and not Path(setting).is_dir() else ""


def architecture(weights: Path) -> str:
    """The class that a model directory's configuration names, such as BertModel; "" where it names none."""
    for path in (weights / "config.json", *sorted(weights.glob("*/config.json"))):
        named = read_json(path).get("architectures") if path.is_file() else None
        if isinstance(named, list) and named:
            return str(named[0])
    return ""
