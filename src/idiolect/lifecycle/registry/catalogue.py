"""The registry as people use it: its versions found by name, number, alias or digest, and marked."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from idiolect.errors import RegistryError, UsageError
from idiolect.lifecycle.registry.backend import Backend, opened
from idiolect.lifecycle.registry.chronicle import record
from idiolect.lifecycle.registry.references import ALIASES, Reference, is_digest, shown
from idiolect.lifecycle.registry.versions import BUNDLE, MARKS, TAG, Version, from_tags

_NAMED = 5


class Registry:
    """Raises RegistryError from whatever it is asked, where the registry cannot be read."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @classmethod
    def at(cls, uri: str, create: bool = False) -> "Registry":
        """Raises RegistryError where there is none and none is to be made, MissingExtra without MLflow."""
        return cls(opened(uri, create))

    @property
    def shown(self) -> str:
        return shown(self.backend.uri)

    def versions(self, name: str = "", *, run: str = "", **tags: str) -> list[Version]:
        """All versions, or a model's, or a run's, by name and number; `tags` by our names: `model_digest="…"`."""
        wanted = {f"{TAG}{key}": value for key, value in tags.items()}
        entries = self.backend.entries(BUNDLE, name, run, **wanted)
        aliases = self.backend.aliases(name) if entries else {}
        return [_version(entry, aliases.get(entry.name, {})) for entry in entries]

    def find(self, reference: Reference, otherwise: str = "") -> Version:
        """The version that a reference names; `otherwise` is the selector where it has none, the newest by default.

        Raises RegistryError where there is none, naming what there is.
        """
        versions = self.versions(reference.name)
        if not versions:
            raise RegistryError(
                f"{self.shown} holds no model {reference.name!r}: there is {_listed(self._names())}"
            )
        selector = reference.selector or otherwise
        if not selector:
            return versions[-1]
        found = _selected(versions, selector)
        if len(found) == 1:
            return found[0]
        if selector in ALIASES:
            raise RegistryError(
                f"{reference.name} has no {selector}: idiolect models promote {reference.name}@VERSION --as {selector}"
            )
        there = _listed(str(version.version) for version in versions)
        raise RegistryError(f"{reference.name} has no version {selector}: there is {there}")

    def mark(self, version: Version, **facts: str) -> None:
        """Tell what became of a version: `drift`, `taint`, `licences`; "" takes a taint back. It is logged."""
        for key, value in facts.items():
            if key not in MARKS:
                raise UsageError(f"{key!r} is no mark of a version: there is {', '.join(MARKS)}")
            self.backend.set_tag(version.name, version.version, f"{TAG}{key}", value)
        record(
            self.backend, "mark", model=version.name, version=version.version, digest=version.digest, **facts
        )

    def file(self, version: Version, name: str, into: Path) -> Path:
        """A file that was published with a version: where it lies, or downloaded below `into`; it may be missing."""
        return self.backend.get(version.run_id, name, into) if self._has(version, name) else into / name

    def _has(self, version: Version, name: str) -> bool:
        return self.backend.storage is not None or name in self.backend.parts(version.run_id)

    def _names(self) -> list[str]:
        return sorted({version.name for version in self.versions()})


def _selected(versions: list[Version], selector: str) -> list[Version]:
    """By alias, else by number, else by the beginning of the digest."""
    if selector in ALIASES:
        return [version for version in versions if selector in version.aliases]
    numbered = [version for version in versions if str(version.version) == selector]
    return numbered or [
        version for version in versions if is_digest(selector) and version.digest.startswith(selector)
    ]


def _version(entry: Any, aliases: dict[str, int]) -> Version:
    held = sorted(alias for alias, version in aliases.items() if version == int(entry.version))
    facts = {"name": entry.name, "version": int(entry.version), "run_id": entry.run_id or ""}
    return from_tags(Version, entry.tags, **facts, aliases=held)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (", ".join(names[:_NAMED]) + more) or "none"
