"""int8 by static calibration: which of a graph's products bear it, and the graph in which these compute so.

Weights are quantised per output channel, activations per tensor with the range that calibration texts gave, so that
a vector does not depend on its batch.  What products give out stays in float: rounding that too more than triples the
error (docs/measured.md).
"""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import MissingExtra, ModelError
from idiolect.runtimes.quiet import quiet

Feed = dict[str, NDArray[np.int64]]
"""A graph's inputs by name: one batch."""

SHARES_IN_FLOAT = (0, 1 / 9, 2 / 9, 1 / 3, 1 / 2)
"""Of the products, the worst first: tried in turn until the vectors are close enough."""

_JUDGED = 8  # batches on which products are compared: their activations are kept in memory


@dataclass(frozen=True)
class Product:
    """A MatMul or Gemm of an `activation` with constant `weights` [inputs, outputs]."""

    name: str
    activation: str
    weights: NDArray[np.float32]


def quantise(
    graph: Path, target: Path, feeds: Sequence[Feed], good: Callable[[Path], bool]
) -> tuple[int, int]:
    """Write `graph` with int8 products to `target`; return how many of all its products stayed in float.

    The products are ranked by their error on `feeds`; ever more of the worst stay in float, until `good` says of
    the written graph that it will do, or half of them do.

    Raises MissingExtra without onnx or onnxruntime, ModelError where the graph has no products with constants.
    """
    try:
        import onnx
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "onnx", "train,onnx") from None
    del onnxruntime
    products = _products(onnx.load(graph))
    if not products:
        raise ModelError(f"{graph} has no products with constant weights: nothing to compute in int8")
    with tempfile.TemporaryDirectory() as folder:
        errors = _errors(graph, products, feeds[:_JUDGED], Path(folder))
        ranked = sorted(errors, key=lambda name: -errors[name])
        ranges = Path(folder) / "ranges.json"
        for share in SHARES_IN_FLOAT:
            in_float = round(share * len(ranked))
            _quantise(graph, target, feeds, ranked, in_float, ranges)
            if good(target):
                break
    return in_float, len(ranked)


def _products(model: Any) -> list[Product]:
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if node.op_type in ("MatMul", "Gemm") and node.input[1] in constants:
            weights = numpy_helper.to_array(constants[node.input[1]])
            transposed = any(item.name == "transB" and item.i for item in node.attribute)
            if weights.ndim == 2:
                found.append(Product(node.name, node.input[0], weights.T if transposed else weights))
    return found


def _errors(graph: Path, products: list[Product], feeds: Sequence[Feed], folder: Path) -> dict[str, float]:
    """Product → what quantising it alone changes of its outcome: the squared error's share of the square."""
    held: dict[str, list[NDArray[np.float32]]] = {}
    for name, values in _activations(graph, {product.activation for product in products}, feeds, folder):
        held.setdefault(name, []).append(values.reshape(-1, values.shape[-1]))
    errors = {}
    for product in products:
        given = np.concatenate(held[product.activation])
        exact = given @ product.weights
        rounded = _rounded_to_range(given) @ _rounded_per_channel(product.weights)
        errors[product.name] = float(np.square(rounded - exact).sum() / max(np.square(exact).sum(), 1e-12))
    return errors


def _activations(
    graph: Path, names: set[str], feeds: Sequence[Feed], folder: Path
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """What the graph's inner values `names` are for each of `feeds`."""
    import onnx
    import onnxruntime

    model = onnx.load(graph)
    wanted = sorted(names)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in wanted)
    opened = folder / "opened.onnx"
    onnx.save(model, opened, save_as_external_data=True, location="opened.data")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    runner = onnxruntime.InferenceSession(opened, options, providers=["CPUExecutionProvider"])
    for feed in feeds:
        yield from zip(wanted, runner.run(wanted, feed), strict=True)


def _rounded_to_range(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """As an unsigned byte holds them: one scale and zero point for all."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    scale = max((high - low) / 255, 1e-12)
    rounded: NDArray[np.float32] = (np.round(values / scale) * scale).astype(np.float32)
    return rounded


def _rounded_per_channel(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    scale = np.maximum(np.abs(weights).max(axis=0) / 127, 1e-12)
    rounded: NDArray[np.float32] = (np.round(weights / scale) * scale).astype(np.float32)
    return rounded


def _quantise(
    graph: Path, target: Path, feeds: Sequence[Feed], ranked: list[str], in_float: int, ranges: Path
) -> None:
    """`ranges` caches the calibration, which the first call, over all products, does for the later ones."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.feeds = itertools.chain(feeds)

        def get_next(self) -> Feed | None:
            return next(self.feeds, None)

    target.parent.mkdir(parents=True, exist_ok=True)
    with quiet("root"):  # it advises shape inference first, which these graphs do not need
        quantize_static(
            graph,
            target,
            Reader(),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_quantize=ranked[in_float:],
            calibration_cache_path=ranges,
            extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"]},
        )
