"""A float32 ONNX graph in float16, for GPUs: half the bytes, and their matrix units compute in it."""

from pathlib import Path

from idiolect.errors import MissingExtra
from idiolect.runtimes.quiet import quiet


def halve(graph: Path, target: Path) -> None:
    """Write `graph` to `target` with weights and arithmetic in float16; inputs and outputs stay as they are.

    Raises MissingExtra without onnx or onnxruntime.
    """
    try:
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "onnx", "train,onnx") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    with quiet("root"):
        onnx.save(convert_float_to_float16(onnx.load(graph), keep_io_types=True), target)
