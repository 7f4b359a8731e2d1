"""Where a bundle keeps what the runtimes load, as data."""

from pathlib import Path

MANIFEST = "manifest.json"
CALIBRATION = "calibration.json"
WEIGHTS = "model"
"""The sentence-transformers directory, with the tokenizer that all runtimes share."""

GRAPHS = {"openvino": "openvino/model.xml", "onnx": "onnx/model.onnx"}
"""Runtime name → the graph that it loads."""

LINEAR = "linear.json"
"""In a model directory: it maps another model's vectors, and whose (`mapping.LinearMap`)."""

PREFERENCE = ("openvino", "onnx", "torch")


def is_bundle(path: Path) -> bool:
    """Whether `path` looks like an exported bundle (its files are not checked)."""
    return (path / MANIFEST).is_file() and (path / WEIGHTS).is_dir()
