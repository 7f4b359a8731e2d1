"""Names as people give them: which registry, and which of its versions."""

import os
import re
from pathlib import Path
from typing import Literal

from idiolect import config as configuration
from idiolect.errors import UsageError
from idiolect.records import Record

PREFIX = "registry:"
"""Before a name, wherever a bundle is taken: `registry:NAME@champion`."""

FOLLOWED_SECONDS = 10.0
"""Between looks of a server at the alias that it follows."""

ENVIRONMENT = "IDIOLECT_REGISTRY"

FOLDER = "idiolect-registry"

HISTORY = "idiolect-promotions"
"""The registered model whose versions are no bundles but the entries of the history, of all models."""

Alias = Literal["champion", "challenger"]
ALIASES: tuple[Alias, ...] = ("champion", "challenger")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHORTEST_DIGEST = 8


class Reference(Record, frozen=True, kw_only=True):
    """NAME, or NAME@SELECTOR: a version's number, an alias, or the first 8 or more hex digits of a bundle's digest."""

    name: str
    selector: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """With or without `registry:`. Raises UsageError for what is of no such form."""
        name, at, selector = text.removeprefix(PREFIX).partition("@")
        known = selector in ALIASES or selector.isdecimal() or is_digest(selector)
        if not _NAME.fullmatch(name) or bool(at) != bool(selector) or (selector and not known):
            raise UsageError(
                f"{text!r} is no registered model: give NAME, NAME@VERSION, NAME@champion, NAME@challenger, or NAME@ "
                f"and {_SHORTEST_DIGEST} or more digits of the bundle's digest"
            )
        return cls(name=name, selector=selector)

    def __str__(self) -> str:
        return f"{self.name}@{self.selector}" if self.selector else self.name


def is_digest(text: str) -> bool:
    return len(text) >= _SHORTEST_DIGEST and re.fullmatch(r"[0-9a-f]+", text) is not None


def checked_name(name: str) -> str:
    """`name`. Raises UsageError for one that a registry cannot hold."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a model: letters, digits, dots, dashes and underscores, please"
        )
    if name == HISTORY:
        raise UsageError(
            f"{name!r} is what the history of promotions is called: give the model another --name"
        )
    return name


def checked_domain(domain: str) -> str:
    """`domain` without slashes at its ends. Raises UsageError for one that is no path of names on one line."""
    parts = domain.strip("/").split("/") if domain.strip("/") else []
    if not domain.isprintable() or not all(part.strip() for part in parts):
        raise UsageError(
            f"--domain {domain!r} is no domain: give names with slashes between, such as company/team"
        )
    return "/".join(part.strip() for part in parts)


def is_reference(name: str | Path) -> bool:
    return str(name).startswith(PREFIX)


def registry_uri(given: str | None = None, config: "configuration.Config | None" = None) -> str:
    """`given`, else IDIOLECT_REGISTRY, else the config's `registry.uri`, else ./idiolect-registry.

    MLFLOW_TRACKING_URI is not asked: it may name a server of experiments where nobody expects bundles. Raises
    UsageError for what is neither a folder nor a server's address.
    """
    uri = given or os.environ.get(ENVIRONMENT, "") or (config or configuration.load()).registry.uri or FOLDER
    if is_server(uri) or "://" not in uri:
        return uri.rstrip("/") or uri
    raise UsageError(f"registry {uri!r} is no registry: give a folder, or http(s)://… of an MLflow server")


def follows(name: str | Path) -> bool:
    """Whether a name stands for whatever an alias does: what it means may change any time."""
    return is_reference(name) and Reference.parse(str(name)).selector in ("", *ALIASES)


def is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def shown(uri: str) -> str:
    """The URI as messages may show it: without a password."""
    return re.sub(r"//[^/@]+@", "//", uri)
