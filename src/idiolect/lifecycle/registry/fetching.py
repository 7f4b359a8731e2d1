"""`registry:NAME@champion` wherever a bundle is taken: the folder that it stands for now."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from idiolect.bundle import Bundle, bundle_digest
from idiolect.errors import RegistryError
from idiolect.files import replacing
from idiolect.lifecycle.registry.references import Reference, is_reference, registry_uri

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.versions import Version


def located(name: str | Path, uri: str | None = None) -> Path:
    """The bundle's folder behind a registered name, champion where it names no version; any other path as it is.

    A server's bundle is downloaded once, into the user's cache. Raises RegistryError where there is no such version,
    or where what was published is not what lies there.
    """
    if not is_reference(name):
        return Path(name)
    from idiolect.lifecycle.registry.catalogue import Registry

    registry = Registry.at(registry_uri(uri))
    return fetched(registry, registry.find(Reference.parse(str(name)), otherwise="champion"))


def fetched(registry: "Registry", version: "Version") -> Path:
    """The folder with a version's bundle: the registry's own, or the cache's, by digest. Raises RegistryError."""
    if registry.backend.storage is not None:
        path = registry.file(version, "bundle", Path())
    else:
        path = _cache() / version.digest
        if not path.is_dir():
            with replacing(path) as draft, tempfile.TemporaryDirectory(dir=path.parent) as place:
                registry.backend.get(version.run_id, "bundle", Path(place)).rename(draft)
                Bundle.load(draft).verify()
    if not (path / "manifest.json").is_file() or bundle_digest(Bundle.load(path)) != version.digest:
        raise RegistryError(
            f"{version} is not what was published: the files at {path} were altered or removed; publish it again"
        )
    return path


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "idiolect" / "bundles"
