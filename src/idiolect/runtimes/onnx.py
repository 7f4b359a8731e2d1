"""ONNX Runtime: the CPU, or CUDA where the installed build has it."""

from pathlib import Path

import numpy as np

from idiolect.errors import BundleError, MissingExtra
from idiolect.runtimes.base import Vectors
from idiolect.runtimes.encoder import Encoder
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.tokens import IntArray

PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


class OnnxRuntime(Encoder):
    """Runs a graph of `graph.export_onnx`, or one that `variants` made of it."""

    name = "onnx"

    def __init__(self, files: ModelFiles, graph: Path, precision: str = "float32") -> None:
        """`precision` is what the graph computes in.

        Raises MissingExtra without onnxruntime, BundleError where the graph cannot be read.
        """
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise MissingExtra("onnxruntime", "onnx") from None
        super().__init__(files)
        self.precision = precision
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = available_cpus()
        options.log_severity_level = 3
        providers = [name for name in PROVIDERS if name in onnxruntime.get_available_providers()]
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=providers)
        except Exception as error:  # its exceptions share no base class
            reason = str(error).splitlines()[0]
            raise BundleError(f"{graph} cannot be read by ONNX Runtime ({reason}): export it again") from None
        self.inputs = [node.name for node in self._session.get_inputs()]

    def forward(self, ids: IntArray, mask: IntArray) -> Vectors:
        vectors: Vectors = self._session.run(None, self.feed(ids, mask))[0]
        return vectors

    def feed(self, ids: IntArray, mask: IntArray) -> dict[str, IntArray]:
        """The graph's inputs by name, for one padded batch."""
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {name: given[name] for name in self.inputs}
