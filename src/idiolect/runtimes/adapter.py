"""What tells a model from the root it was adapted from: low-rank updates of linear layers, a map of vectors, or both.

An adapter trained on top of an adapted model holds both: updates of one layer stand side by side, maps multiply. So
company, team and person differ from one root by one adapter each, and one graph of that root serves them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from idiolect.errors import BundleError, MissingExtra
from idiolect.files import read_json, write_json
from idiolect.records import Record
from idiolect.runtimes.layout import ADAPTER
from idiolect.runtimes.model_files import ModelFiles

Floats = NDArray[np.float32]

_FACTS, _FACTORS = "adapter.json", "adapter.safetensors"
_MAP = "map"
DOWN, UP = ".lora_A", ".lora_B"
"""After a layer's name: the factors of its update, in the file and among a graph's inputs."""


class Root(Record, frozen=True, kw_only=True):
    """The model that was adapted and is no adapted one itself: a base, or what was tuned in full."""

    name: str
    digest: str


class Facts(Record, frozen=True, kw_only=True):
    """adapter.json; beside it the factors. `layers` are those updated, `rank` the highest of their updates'."""

    root: Root
    layers: int
    rank: int
    mapped: bool


class Adaptable(Record, frozen=True, kw_only=True):
    """Of a bundle: the graph that takes adapters, and the adapter.

    `graph` is its digest, the same in all bundles of one `root`; `rank` is 0 where no low-rank updates are, `mapped`
    says whether the vectors are.
    """

    root: Root
    graph: str
    graph_bytes: int
    adapter_bytes: int
    rank: int
    mapped: bool


class Update(NamedTuple):
    """Of a layer's weights: `down` [inputs, rank] times `up` [rank, outputs]; scales are multiplied in."""

    down: Floats
    up: Floats

    @property
    def rank(self) -> int:
        return len(self.up)


@dataclass(frozen=True)
class Adapter:
    """Layer of the transformer → its update; `matrix` [d, d] maps the vectors from the left, None leaves them."""

    root: Root
    updates: Mapping[str, Update] = field(default_factory=dict)
    matrix: Floats | None = None

    @property
    def rank(self) -> int:
        return max((update.rank for update in self.updates.values()), default=0)

    def updated(self, more: Mapping[str, Update], share: float) -> "Adapter":
        """With this share of further updates beside those that there are."""
        updates = dict(self.updates)
        for layer, (down, up) in more.items():
            if not share or not up.any():
                continue
            held = updates.get(layer)
            downs, ups = ([held.down], [held.up]) if held else ([], [])
            updates[layer] = Update(
                np.hstack([*downs, down]).astype(np.float32),
                np.vstack([*ups, np.float32(share) * up]).astype(np.float32),
            )
        return replace(self, updates=updates)

    def mapped(self, matrix: Floats) -> "Adapter":
        """With a further map after the one that there is."""
        return replace(self, matrix=matrix if self.matrix is None else matrix @ self.matrix)


def read_adapter(files: ModelFiles) -> Adapter:
    """What tells a model from its root; one that was not adapted is its own, and nothing does.

    Raises BundleError where its files do not hold it, MissingExtra without safetensors.
    """
    folder = files.path / ADAPTER
    if not (folder / _FACTS).is_file():
        return Adapter(Root(name=files.name, digest=files.digest))
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ModuleNotFoundError:
        raise MissingExtra("safetensors", "openvino") from None
    try:
        facts = msgspec.convert(read_json(folder / _FACTS), Facts)
        tensors = load_file(folder / _FACTORS)
        layers = [name.removesuffix(DOWN) for name in tensors if name.endswith(DOWN)]
        updates = {layer: Update(tensors[layer + DOWN], tensors[layer + UP]) for layer in layers}
        adapter = Adapter(facts.root, updates, tensors.get(_MAP))
    except (OSError, KeyError, SafetensorError, msgspec.MsgspecError) as error:
        raise BundleError(f"{folder} holds no adapter ({_said(error)}): train or export it again") from None
    if _facts(adapter) != facts:
        raise BundleError(f"{folder} holds another adapter than {_FACTS} says: train or export it again")
    return adapter


def write_adapter(directory: Path, adapter: Adapter) -> None:
    """Keep in a model directory what tells the model from its root."""
    from safetensors.numpy import save_file

    folder = directory / ADAPTER
    folder.mkdir(parents=True)
    tensors: dict[str, Floats] = {}
    for layer, (down, up) in adapter.updates.items():
        tensors |= {layer + DOWN: down, layer + UP: up}
    if adapter.matrix is not None:
        tensors[_MAP] = adapter.matrix
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, folder / _FACTORS)
    write_json(folder / _FACTS, _facts(adapter))


def _facts(adapter: Adapter) -> Facts:
    return Facts(
        root=adapter.root,
        layers=len(adapter.updates),
        rank=adapter.rank,
        mapped=adapter.matrix is not None,
    )


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
