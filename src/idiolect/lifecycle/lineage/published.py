"""The lineage of a published bundle: what led to it goes with it, and is asked where it lies."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from idiolect.bundle import Bundle, bundle_digest
from idiolect.config import Licences
from idiolect.errors import AuditError, RegistryError
from idiolect.lifecycle.lineage.extract import export_model
from idiolect.lifecycle.lineage.naming import find
from idiolect.lifecycle.lineage.store import opened
from idiolect.lifecycle.registry import registry_uri
from idiolect.workspace import Workspace

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.versions import Version

FILE = "lineage.db"
"""What it is called beside a published bundle."""


def lineage_of(bundle: Bundle, work: Workspace, folder: Path) -> Path | None:
    """A new file in `folder` with what led to the bundle; None where WORK has not recorded it."""
    if not work.lineage.is_file():
        return None
    with opened(work.lineage) as lineage:
        chosen = find(lineage, bundle_digest(bundle), "bundle")
        return export_model(lineage, chosen.digest, folder / FILE) if chosen else None


def publish_with_lineage(
    registry: "Registry",
    bundle: Bundle,
    work: Workspace | None,
    name: str = "",
    domain: str = "",
    policy: Licences | None = None,
) -> tuple["Version", bool]:
    """What `registry.publishing.publish` does, with what led to the bundle beside it."""
    from idiolect.lifecycle.registry.publishing import publish

    with tempfile.TemporaryDirectory() as folder:
        part = lineage_of(bundle, work, Path(folder)) if work else None
        extra = {part.name: part} if part is not None else None
        return publish(registry, bundle, work, name, domain, extra, policy)


def fetched(reference: str, folder: Path) -> Path:
    """The lineage of a registered version, "registry:NAME@VERSION", downloaded to `folder` where it lies on a server.

    Raises RegistryError where there is no such version, AuditError where it was published without lineage.
    """
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.references import Reference

    registry = Registry.at(registry_uri(None))
    version = registry.find(Reference.parse(reference), otherwise="champion")
    try:
        path = registry.file(version, FILE, folder)
    except RegistryError:
        path = folder / FILE
    if not path.is_file():
        raise AuditError(
            f"{version} was published without lineage: publish a bundle from the WORK that made it"
        )
    return path
