"""Whom a refresh starts from and must beat: the registry's champion or, where it has none, WORK's own bundle."""

from pathlib import Path
from typing import TYPE_CHECKING

from idiolect.bundle import Bundle, bundle_digest, is_bundle
from idiolect.config import Licences
from idiolect.errors import RegistryError, UsageError, WorkspaceError
from idiolect.lifecycle.erasure.taint import tainted_by
from idiolect.lifecycle.lineage.published import publish_with_lineage
from idiolect.lifecycle.registry.fetching import fetched
from idiolect.lifecycle.registry.gate import standing_faults
from idiolect.lifecycle.registry.references import Reference, checked_name
from idiolect.records import Record
from idiolect.runtimes.mapping import endpoint_of
from idiolect.workspace import Workspace

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.versions import Version


class Champion(Record, frozen=True, kw_only=True):
    """A version and where its bundle lies: `digest` is the bundle's, `model_digest` its weights'.

    `stands`: it has the alias; else there is no champion yet, and WORK's bundle, published, holds its place.
    """

    name: str
    version: int
    digest: str
    model_digest: str
    path: str
    stands: bool

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def settled(registry: "Registry", work: Workspace, policy: Licences, name: str = "") -> Champion:
    """The champion; where the registry has none, WORK's bundle is published, and promoted if its report allows.

    Raises WorkspaceError where there is neither, UsageError where its vectors are an endpoint's, RegistryError
    where the registry fails, or the champion is altered, tainted or forbidden: nothing may be made of it then.
    """
    name = known_as(registry, work, name)
    version = standing(registry, name)
    if version is None:
        version = _published(registry, work, policy, name)
    tainted = tainted_by(work.taint, {version.digest, version.model_digest})
    if faults := [*standing_faults(registry, version), *map(str, tainted)]:
        raise RegistryError(
            f"{version} cannot be started from, for what is made of it would carry on what is wrong with it: "
            f"{'; '.join(faults)}; train from the base with `idiolect run`, or `idiolect models rollback` first"
        )
    path = fetched(registry, version).resolve()
    if endpoint := endpoint_of(path):
        raise UsageError(
            f"{version} maps the vectors of {endpoint}, which has no weights to start from: take `idiolect run` instead"
        )
    return Champion(
        name=name,
        version=version.version,
        digest=version.digest,
        model_digest=version.model_digest,
        path=str(path),
        stands="champion" in version.aliases,
    )


def known_as(registry: "Registry | None", work: Workspace, name: str = "") -> str:
    """`name`, else what WORK's bundle was published as, else the bundle's own name.

    Raises UsageError where it was published under several names, WorkspaceError without a bundle.
    """
    if name:
        return checked_name(name)
    if not is_bundle(work.bundle):
        raise WorkspaceError(
            f"{work.root} has no bundle yet: `idiolect run DOCS -w {work.root}` makes the first model"
        )
    bundle = Bundle.load(work.bundle)
    published = registry.versions(digest=bundle_digest(bundle)) if registry is not None else []
    names = sorted({version.name for version in published})
    if len(names) > 1:
        raise UsageError(f"{work.bundle} was published as {', '.join(names)}: say which with --name")
    return names[0] if names else bundle.manifest.name


def standing(registry: "Registry | None", name: str) -> "Version | None":
    """The version that has the alias; None where there is no registry, no such model or no champion."""
    found = registry.versions(name) if registry is not None else []
    return next((version for version in found if "champion" in version.aliases), None)


def opened(uri: str) -> "Registry | None":
    """The registry, to be looked at; None where there is none yet."""
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.references import is_server
    from idiolect.lifecycle.registry.storage import Storage

    if not is_server(uri) and not Storage(Path(uri)).database.is_file():
        return None
    return Registry.at(uri)


def _published(registry: "Registry", work: Workspace, policy: Licences, name: str) -> "Version":
    from idiolect.lifecycle.registry.promoting import promote

    if not is_bundle(work.bundle):
        raise WorkspaceError(f"{name} has no champion in {registry.shown}, and {work.root} no bundle")
    bundle = Bundle.load(work.bundle)
    version, _ = publish_with_lineage(registry, bundle, work, name, policy=policy)
    if version.verdict != "promote":  # the base's weights: nothing that was shown to be better
        return version
    if not standing_faults(registry, version):
        promote(registry, Reference(name=name, selector=str(version.version)), "champion")
    return standing(registry, name) or version
