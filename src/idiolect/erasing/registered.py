"""The versions of a registry that an erasure taints: from then on no promotion takes them."""

from collections.abc import Iterable

from idiolect.lifecycle.taint import MARK, Tainted


def mark(uri: str, tainted: Iterable[Tainted]) -> list[str]:
    """Mark each version of a tainted bundle, or of tainted weights; NAME@VERSION of them.

    Raises RegistryError where there is no registry at `uri`.
    """
    from idiolect.lifecycle.registry.catalogue import Registry

    registry = Registry.at(uri)
    kinds = {"bundle": "digest", "model": "model_digest"}
    marked = {}
    for one in tainted:
        if one.blocks and one.kind in kinds:
            for version in registry.versions(**{kinds[one.kind]: one.digest}):
                marked[f"{version.name}@{version.version}"] = version
    for version in marked.values():
        if version.taint != MARK:
            registry.mark(version, taint=MARK)
    return sorted(marked)
