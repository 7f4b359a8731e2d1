"""Which bundle stands behind a name that the server was given.

A path, and where a symbolic link leads now; or a name in the registry, and what is champion now.
"""

import os
from collections.abc import Hashable, Sequence
from pathlib import Path

from idiolect.bundle import Bundle
from idiolect.errors import IdiolectError, UsageError
from idiolect.lifecycle.registry import located


def standing(place: Path) -> Path:
    """The bundle's folder, links followed once, so that a link that moves mixes no two bundles.

    Raises RegistryError where it is a registered name that cannot be had.
    """
    place = located(place)
    return place.resolve() if place.is_dir() else place


def read(places: Sequence[Path]) -> list[Bundle]:
    """The manifests of the bundles that stand there now.

    Raises BundleError for what is no bundle, UsageError for two of one name.
    """
    bundles = [Bundle.load(standing(place)) for place in places]
    names = [bundle.manifest.name for bundle in bundles]
    if double := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two bundles are named {min(double)!r}: clients could not tell them apart")
    return bundles


def state(places: Sequence[Path]) -> Hashable:
    """Equal as long as the same files stand there, by name, size and time; nothing of them is read."""
    return tuple(_files(place) for place in places)


def _files(place: Path) -> Hashable:
    try:
        folder = standing(place)
        files = sorted(Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
        facts = [(file, file.stat()) for file in files]
    except (OSError, IdiolectError) as error:
        return str(error)
    return folder, tuple((file, fact.st_ino, fact.st_size, fact.st_mtime_ns) for file, fact in facts)
