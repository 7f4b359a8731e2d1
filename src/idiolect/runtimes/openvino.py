"""OpenVINO on the CPU: bfloat16 where the processor has it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.errors import BundleError, MissingExtra
from idiolect.runtimes.base import Precision, TokenIds, Vectors
from idiolect.runtimes.encoder import Encoder
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.packing import INPUTS as PACKED
from idiolect.runtimes.packing import ROW_TOKENS, arrange, pack, passes
from idiolect.runtimes.tokens import IntArray


def library() -> Any:
    """OpenVINO, without the usage reports that it would send to its maker, from a process that it forks.

    Raises MissingExtra where it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it does without, where there is none
    try:
        import openvino
    except ModuleNotFoundError:
        raise MissingExtra("openvino", "openvino") from None
    return openvino


class OpenVinoRuntime(Encoder):
    """Runs an OpenVINO graph whose inputs are those of `graph.export_onnx` or of `packed_graph.export_packed`."""

    name = "openvino"
    step = 4
    """For every new shape OpenVINO makes kernels and keeps them: see bench/graph_shapes.py."""

    kernels_kept = 1000
    """The last so many, in place of OpenVINO's 5,000: less memory, as fast (bench/kernel_cache.py)."""

    def __init__(
        self, files: ModelFiles, graph: Path, precision: Precision = "auto", int8: bool = False
    ) -> None:
        """`int8`: the graph's products are, and `precision` is that of all else.

        Raises MissingExtra without openvino, BundleError where the graph cannot be read.
        """
        openvino = library()
        super().__init__(files)
        core = openvino.Core()
        bfloat16 = precision == "auto" and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.precision = "int8" if int8 else "bfloat16" if bfloat16 else "float32"
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
            "INFERENCE_NUM_THREADS": available_cpus(),
            "PERFORMANCE_HINT": "LATENCY",
            "CPU_RUNTIME_CACHE_CAPACITY": self.kernels_kept,
        }
        try:
            compiled = self._compiled(core, graph, settings)
        except RuntimeError as error:
            raise BundleError(
                f"{graph} cannot be read by OpenVINO ({first_line(error)}): export it again"
            ) from None
        self._request, self._inputs = self._requested(compiled)
        self.row_tokens = ROW_TOKENS if set(PACKED) == set(self._inputs) else 0

    def _compiled(self, core: Any, graph: Path, settings: dict[str, Any]) -> Any:
        return core.compile_model(graph, "CPU", settings)

    def _requested(self, compiled: Any) -> tuple[Any, list[str]]:
        """What computes a pass, and the inputs that it is given."""
        return compiled.create_infer_request(), [port.get_any_name() for port in compiled.inputs]

    def multiplied(self, lengths: Sequence[int]) -> int:
        if not self.row_tokens:
            return super().multiplied(lengths)
        arranged = (arrange([lengths[index] for index in taken]) for taken in self._passes(lengths))
        return sum(width * len(rows) for width, rows in arranged)

    def forward(self, ids: IntArray, mask: IntArray) -> Vectors:
        return self._infer(
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        ).copy()

    def _passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        return passes(lengths, self.max_batch_tokens) if self.row_tokens else super()._passes(lengths)

    def _encode_pass(self, tokens: Sequence[TokenIds]) -> Vectors:
        if not self.row_tokens:
            return super()._encode_pass(tokens)
        packed = pack(tokens, self.tokenizer.padding)
        vectors: Vectors = self._infer(packed.inputs)[packed.places]
        return vectors

    def _infer(self, given: dict[str, IntArray]) -> Vectors:
        """The graph's output, which the next call overwrites."""
        self._request.infer({name: given[name] for name in self._inputs}, share_inputs=True)
        vectors: Vectors = self._request.get_output_tensor(0).data
        return vectors


def first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
