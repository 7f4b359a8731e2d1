"""Where a bundle keeps what the runtimes load, as data."""

from pathlib import Path

MANIFEST = "manifest.json"
CALIBRATION = "calibration.json"
COMPRESSION = "compression.json"
GOLDEN = "golden.json"
CARD = "README.md"
BILL = "bom.cdx.json"
WEIGHTS = "model"
"""The sentence-transformers directory, with the tokenizer that all runtimes share."""

GRAPHS = {
    "openvino": "openvino/model.xml",
    "openvino-adapter": "adapter/model.xml",
    "openvino-int8": "openvino/model_int8.xml",
    "onnx": "onnx/model.onnx",
    "onnx-fp16": "onnx/model_fp16.onnx",
    "onnx-int8": "onnx/model_int8.onnx",
    "tensorrt": "tensorrt/model.plan",
}
"""Runtime name → the graph that it loads."""

PLAN_SOURCE = "tensorrt/model.onnx"
"""What a TensorRT plan is built of, on each kind of GPU anew."""

NIM = "nim"

SIGNATURE = "bundle.sig"

ADDED = (SIGNATURE, GRAPHS["tensorrt"])
"""What may come into a bundle after its export, and is neither its content nor signed: every GPU needs its own plan."""

EXACT = ("onnx", "openvino")
"""The graphs in float32: one that differs from the weights is a fault; the others, variants, may fall short."""

LINEAR = "linear.json"
"""In a model directory: it maps another model's vectors, and whose (`mapping.LinearMap`)."""

ADAPTER = "adapter"
"""In a model directory: what tells the model from the root that it was adapted from (`adapter.Facts`)."""

PREFERENCE = ("openvino", "openvino-adapter", "openvino-int8", "onnx", "onnx-int8", "torch")


def is_bundle(path: Path) -> bool:
    """Whether `path` looks like an exported bundle (its files are not checked)."""
    return (path / MANIFEST).is_file() and (path / WEIGHTS).is_dir()
