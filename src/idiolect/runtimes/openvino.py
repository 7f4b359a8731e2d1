"""OpenVINO on the CPU: bfloat16 where the processor has it."""

from pathlib import Path

import numpy as np

from idiolect.errors import BundleError, MissingExtra
from idiolect.runtimes.base import Precision, Vectors
from idiolect.runtimes.encoder import Encoder
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.tokens import IntArray


class OpenVinoRuntime(Encoder):
    """Runs an OpenVINO graph whose inputs are those of `graph.export_onnx`."""

    name = "openvino"
    step = 4
    """For every new shape OpenVINO makes kernels and keeps them: see bench/graph_shapes.py."""

    def __init__(
        self, files: ModelFiles, graph: Path, precision: Precision = "auto", int8: bool = False
    ) -> None:
        """`int8`: the graph's products are, and `precision` is that of all else.

        Raises MissingExtra without openvino, BundleError where the graph cannot be read.
        """
        try:
            import openvino
        except ModuleNotFoundError:
            raise MissingExtra("openvino", "openvino") from None
        super().__init__(files)
        core = openvino.Core()
        bfloat16 = precision == "auto" and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.precision = "int8" if int8 else "bfloat16" if bfloat16 else "float32"
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
            "INFERENCE_NUM_THREADS": available_cpus(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            compiled = core.compile_model(graph, "CPU", settings)
        except RuntimeError as error:
            raise BundleError(
                f"{graph} cannot be read by OpenVINO ({_first_line(error)}): export it again"
            ) from None
        self._request = compiled.create_infer_request()
        self._inputs = [port.get_any_name() for port in compiled.inputs]

    def forward(self, ids: IntArray, mask: IntArray) -> Vectors:
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        self._request.infer({name: given[name] for name in self._inputs}, share_inputs=True)
        vectors: Vectors = self._request.get_output_tensor(0).data.copy()
        return vectors


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
