"""A registry after an erasure: no promotion takes what it tainted, and no record published there names what went."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from idiolect.erasing.gone import Rules
from idiolect.files import digest_path, read_json, write_json
from idiolect.lifecycle.erasure.taint import MARK, Tainted
from idiolect.lifecycle.lineage.explaining import Touched
from idiolect.lifecycle.lineage.forgetting import forget
from idiolect.lifecycle.lineage.naming import versions
from idiolect.lifecycle.lineage.published import FILE
from idiolect.lifecycle.lineage.store import opened
from idiolect.lifecycle.registry.publishing import BUNDLE_PART
from idiolect.lifecycle.registry.references import is_server
from idiolect.lifecycle.registry.storage import Storage
from idiolect.runtimes.layout import MANIFEST


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


def clear(uri: str, touched: Iterable[Touched], rules: Rules, write: bool) -> Counter[str]:
    """How many records published with the bundles among `touched` name what goes; `write` takes it out of them.

    The bundles stay as they are, and so does what lies on a server.
    """
    gone: Counter[str] = Counter()
    for folder in _published(uri, touched):
        lineage = folder / FILE
        if lineage.is_file():
            with opened(lineage) as graph:
                gone["published lineages"] += bool(versions(graph, rules.documents))
                if write:
                    forget(graph, rules.documents, rules.queries | rules.negatives)
        for path in (folder / "report.json", *sorted((folder / "manifests").glob("*.json"))):
            value = read_json(path) if path.is_file() else None
            left = rules.redacted(value, value is not None and rules.finder.in_file(path) is not None)
            if left != value:
                gone["published records"] += 1
                if write:
                    write_json(path, left)
    return +gone


def files(uri: str, touched: Iterable[Touched]) -> Iterator[Path]:
    """What a registry's folder holds beside and in these bundles; nothing of a server's."""
    for folder in _published(uri, touched):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _published(uri: str, touched: Iterable[Touched]) -> Iterator[Path]:
    """The folder of each version's files that holds one of these bundles: of others, equal ids mean other documents."""
    digests = {one.artefact.digest for one in touched if one.artefact.kind == "bundle"}
    if uri and not is_server(uri):
        for folder in sorted(Storage(Path(uri)).artifacts.glob("*/artifacts")):
            manifest = folder / BUNDLE_PART / MANIFEST
            if manifest.is_file() and digest_path(manifest) in digests:
                yield folder
