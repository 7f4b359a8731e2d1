"""TensorRT on NVIDIA GPUs: a plan, built of a float16 ONNX graph for one kind of GPU.

Written to TensorRT 10's documentation and not yet run on a GPU.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.errors import BundleError, IdiolectError, ModelError
from idiolect.records import Record
from idiolect.runtimes.base import Vectors
from idiolect.runtimes.encoder import Encoder
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.tokens import IntArray

TEXTS = 64
"""In the largest batch of a plan; an eighth of it is what the plan is fastest at, beside single texts."""

_USUAL = 90  # the percentile of the lengths that a plan is tuned for


class Profile(Record, frozen=True, kw_only=True):
    """The shapes [texts, tokens] of a plan's inputs: the smallest, those it is tuned for, the largest."""

    least: tuple[int, int]
    usual: tuple[int, int]
    most: tuple[int, int]


def profile_of(lengths: Sequence[int], max_tokens: int) -> Profile:
    """From the token counts of the run's texts: tuned for the 90th percentile, good to the model's own maximum."""
    usual = int(np.percentile(lengths, _USUAL)) if lengths else max_tokens
    return Profile(least=(1, 1), usual=(TEXTS // 8, max(1, min(usual, max_tokens))), most=(TEXTS, max_tokens))


def trtexec_line(graph: str, plan: str, inputs: Sequence[str], profile: Profile) -> str:
    """The command that builds `plan` of the ONNX file `graph`, whose own types (float16) it keeps."""

    def shapes(shape: tuple[int, int]) -> str:
        return ",".join(f"{name}:{shape[0]}x{shape[1]}" for name in inputs)

    return (
        f"trtexec --onnx={graph} --saveEngine={plan} --stronglyTyped --minShapes={shapes(profile.least)} "
        f"--optShapes={shapes(profile.usual)} --maxShapes={shapes(profile.most)}"
    )


def build_plan(graph: Path, plan: Path, profile: Profile) -> None:
    """Build `plan` of an ONNX file on this machine's GPU. Raises ModelError where TensorRT refuses."""
    tensorrt = _package()
    logger = tensorrt.Logger(tensorrt.Logger.ERROR)
    builder = tensorrt.Builder(logger)
    typed = 1 << int(tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(typed)
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(graph)):
        raise ModelError(f"TensorRT cannot read {graph} ({parser.get_error(0).desc()})")
    shapes = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        shapes.set_shape(network.get_input(index).name, profile.least, profile.usual, profile.most)
    config = builder.create_builder_config()
    config.add_optimization_profile(shapes)
    built = builder.build_serialized_network(network, config)
    if built is None:
        raise ModelError(f"TensorRT built no plan of {graph}: build it with trtexec, which says why")
    plan.write_bytes(bytes(built))


class TensorRtRuntime(Encoder):
    """Runs a plan of a graph whose inputs are those of `graph.export_onnx`."""

    name = "tensorrt"
    precision = "float16"

    def __init__(self, files: ModelFiles, plan: Path) -> None:
        """Raises IdiolectError without TensorRT, BundleError where the plan is of another GPU or version."""
        tensorrt = _package()
        super().__init__(files)
        self._runtime = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.ERROR))
        engine = self._runtime.deserialize_cuda_engine(plan.read_bytes())
        if engine is None:
            raise BundleError(
                f"{plan} is no plan for this GPU and TensorRT {tensorrt.__version__}: build it again"
            )
        self._engine = engine
        self._context = engine.create_execution_context()
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        modes = {name: engine.get_tensor_mode(name) for name in names}
        self._inputs = [name for name in names if modes[name] == tensorrt.TensorIOMode.INPUT]
        (self._output,) = (name for name in names if modes[name] == tensorrt.TensorIOMode.OUTPUT)

    def forward(self, ids: IntArray, mask: IntArray) -> Vectors:
        parts = range(0, len(ids), TEXTS)
        return np.concatenate([self._part(ids[at : at + TEXTS], mask[at : at + TEXTS]) for at in parts])

    def _part(self, ids: IntArray, mask: IntArray) -> Vectors:
        import torch

        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        held: dict[str, Any] = {name: torch.from_numpy(given[name]).cuda() for name in self._inputs}
        held[self._output] = torch.empty((len(ids), self.files.dimension), device="cuda")
        for name in self._inputs:
            self._context.set_input_shape(name, tuple(ids.shape))
        for name, tensor in held.items():
            self._context.set_tensor_address(name, tensor.data_ptr())
        stream = torch.cuda.current_stream()
        self._context.execute_async_v3(stream.cuda_stream)
        stream.synchronize()
        vectors: Vectors = held[self._output].cpu().numpy()
        return vectors


def _package() -> Any:
    try:
        import tensorrt
    except ModuleNotFoundError:
        raise IdiolectError(
            "this needs NVIDIA's package 'tensorrt' and a GPU: pip install tensorrt, or take another --runtime"
        ) from None
    return tensorrt
