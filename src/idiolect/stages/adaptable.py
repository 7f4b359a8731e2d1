"""The graph of a model's root: what all that is adapted from one root shares."""

import shutil
from pathlib import Path

from idiolect.errors import ModelError
from idiolect.runtimes.adaptable_graph import export_adaptable, root_of
from idiolect.runtimes.adapted import graph_digest
from idiolect.runtimes.adapter import Adaptable, Root, read_adapter
from idiolect.runtimes.layout import ADAPTER, GRAPHS
from idiolect.runtimes.model_files import DEFAULT_BASE, ModelFiles, describe, resolve

GRAPH = GRAPHS["openvino-adapter"]


def add_adaptable(files: ModelFiles, base: ModelFiles, target: Path) -> None:
    """Write the graph of the root of the model `files` to `target`; `base` is what that was trained from.

    The base's bundle gives it where it holds one: the same file for certain, and nothing to trace.
    Raises ModelError where the root is not at hand, or has no such graph.
    """
    root = read_adapter(files).root
    target.parent.mkdir(parents=True, exist_ok=True)
    for folder in (base.path.parent, base.path.parent / "bundle"):
        held = folder / GRAPH
        if held.is_file() and held.with_suffix(".bin").is_file() and root_of(held) == root.digest:
            for suffix in (".xml", ".bin"):
                shutil.copyfile(held.with_suffix(suffix), target.with_suffix(suffix))
            return
    export_adaptable(_at_hand(root, files, base), target)


def adaptable_in(draft: Path, files: ModelFiles, base: ModelFiles) -> Adaptable:
    """What a bundle's manifest says of the graph that `add_adaptable` has written and of the adapter beside it."""
    graph, adapter = draft / GRAPH, read_adapter(files)
    itself = "the base" if files.digest == base.digest else "the model itself"
    name = adapter.root.name if (files.path / ADAPTER).is_dir() else itself
    return Adaptable(
        root=Root(name=name, digest=adapter.root.digest),
        graph=graph_digest(graph),
        graph_bytes=sum(file.stat().st_size for file in graph.parent.iterdir()),
        adapter_bytes=sum(file.stat().st_size for file in (files.path / ADAPTER).glob("*")),
        rank=adapter.rank,
        mapped=adapter.matrix is not None,
    )


def sizes(found: Adaptable) -> str:
    graph = f"{found.graph_bytes / 1e6:.1f} MB, which a server of several such bundles keeps once in memory"
    if not found.adapter_bytes:
        return f"the graph of {found.root.name}, {graph}"
    return f"an adapter of {found.adapter_bytes / 1e6:.2f} MB on the graph of {found.root.name}, {graph}"


def _at_hand(root: Root, files: ModelFiles, base: ModelFiles) -> ModelFiles:
    for model in (files, base):
        if model.digest == root.digest:
            return model
    if root.name == DEFAULT_BASE:
        default = describe(resolve("auto"))
        if default.digest == root.digest:
            return default
    raise ModelError(
        f"its root {root.name} is not at hand: train from a bundle that was exported with 'openvino-adapter'"
    )
