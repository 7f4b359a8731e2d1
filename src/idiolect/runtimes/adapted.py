"""OpenVINO over a graph that takes adapters: compiled once in a process, however many adapters run on it."""

import threading
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from idiolect.errors import BundleError
from idiolect.files import digest_path, digest_value
from idiolect.runtimes.adaptable_graph import told_root
from idiolect.runtimes.adapter import DOWN, UP, Adapter, Update
from idiolect.runtimes.base import Precision, Vectors
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.openvino import OpenVinoRuntime, library
from idiolect.runtimes.tokens import IntArray

RANKS = 16
"""Updates are filled up with zeros to a multiple of so many ranks: adapters that take turns on one graph then mostly
have one shape, and OpenVINO prepares its products again for each that is not the last one's.
"""


class Compiled:
    """A graph on the processor, and whose weights it holds. What of it has a lock is OpenVINO's own."""

    def __init__(self, model: Any, root: str) -> None:
        self.model, self.root = model, root


_held: WeakValueDictionary[tuple[str, str, int], Compiled] = WeakValueDictionary()
_compiling = threading.Lock()


def graph_digest(graph: Path) -> str:
    """Of a graph (.xml) with its weights: where it is the same, so is all that it computes."""
    return digest_value([digest_path(graph), digest_path(graph.with_suffix(".bin"))])


class AdaptedRuntime(OpenVinoRuntime):
    """Runs one adapter on a graph of `adaptable_graph.export_adaptable`, shared with others of this process.

    Passes of several adapters take turns; none holds texts of two.
    """

    name = "openvino-adapter"

    def __init__(
        self, files: ModelFiles, graph: Path, adapter: Adapter, precision: Precision = "auto"
    ) -> None:
        """Raises MissingExtra without openvino, BundleError where the graph cannot be read or is not the adapter's."""
        self._adapter = adapter
        self._matrix = None if adapter.matrix is None else adapter.matrix.T
        if self._matrix is not None and self._matrix.shape != (files.dimension, files.dimension):
            raise BundleError(
                f"the adapter's map is not of {files.dimension} dimensions: export the bundle again"
            )
        super().__init__(files, graph, precision)

    def _compiled(self, core: Any, graph: Path, settings: dict[str, Any]) -> Any:
        if not graph.with_suffix(".bin").is_file():
            raise BundleError(f"{graph} has no weights beside it: export the bundle again")
        key = (graph_digest(graph), str(settings["INFERENCE_PRECISION_HINT"]), self.kernels_kept)
        with _compiling:
            shared = _held.get(key)
            if shared is None:
                model = core.read_model(graph)
                shared = Compiled(core.compile_model(model, "CPU", settings), told_root(model))
                _held[key] = shared
        if shared.root != self._adapter.root.digest:
            raise BundleError(
                f"{graph} holds another model than {self._adapter.root.name}, the adapter's root: "
                "export the bundle again"
            )
        self._shared = shared
        return shared.model

    def _requested(self, compiled: Any) -> tuple[Any, list[str]]:
        """A request that keeps the adapter's updates, and the inputs that each pass has to give."""
        shapes = {port.get_any_name(): port.partial_shape for port in compiled.inputs}
        layers = [name.removesuffix(DOWN) for name in shapes if name.endswith(DOWN)]
        updates = self._adapter.updates
        if unknown := updates.keys() - set(layers):
            raise BundleError(f"the adapter updates {min(unknown)}, which its root has not: export it again")
        rank = -(-max(self._adapter.rank, 1) // RANKS) * RANKS
        tensor = library().Tensor
        request = compiled.create_infer_request()
        for layer in layers:
            sizes = shapes[layer + DOWN][0].get_length(), shapes[layer + UP][1].get_length()
            down, up = _filled(layer, updates.get(layer), sizes, rank)
            request.set_tensor(layer + DOWN, tensor(down))
            request.set_tensor(layer + UP, tensor(up))
        return request, [name for name in shapes if not name.endswith((DOWN, UP))]

    def _infer(self, given: dict[str, IntArray]) -> Vectors:
        vectors = super()._infer(given)
        return vectors if self._matrix is None else vectors @ self._matrix


def _filled(layer: str, update: Update | None, sizes: tuple[int, int], rank: int) -> Update:
    """The update of a layer of these inputs and outputs, zeros in the place of ranks that it lacks."""
    down, up = np.zeros((sizes[0], rank), np.float32), np.zeros((rank, sizes[1]), np.float32)
    if update is not None:
        if (len(update.down), update.up.shape[1]) != sizes:
            raise BundleError(
                f"the adapter's update of {layer} is not of the {sizes[0]} inputs and {sizes[1]} outputs that its "
                "root has there: export it again"
            )
        down[:, : update.rank], up[: update.rank] = update
    return Update(down, up)
