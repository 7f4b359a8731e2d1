"""Exported graphs: what other programs find in the file."""

import subprocess
import sys

import numpy as np
import onnxruntime
from tiny_model import TEXTS, save_tiny_model

from idiolect.runtimes.graph import OPSET, export_onnx
from idiolect.runtimes.layout import GRAPHS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.onnx import OnnxRuntime
from idiolect.runtimes.torch import TorchRuntime


def test_inputs_and_output_are_named_and_free_in_both_axes(exported):
    session = onnxruntime.InferenceSession(exported / GRAPHS["onnx"])
    inputs = {node.name: node.shape for node in session.get_inputs()}
    assert list(inputs) == ["input_ids", "attention_mask", "token_type_ids"]
    assert all(isinstance(axis, str) for shape in inputs.values() for axis in shape)
    assert [node.name for node in session.get_outputs()] == ["sentence_embedding"]


def test_the_graph_states_its_opset_and_no_source_paths(exported):
    import onnx

    model = onnx.load(exported / GRAPHS["onnx"])
    assert model.opset_import[0].version == OPSET
    assert b".py" not in model.SerializeToString()


def test_a_dense_layer_is_fused(tmp_path):
    files = describe(save_tiny_model(tmp_path / "model", dense=True))
    assert files.dimension == 32
    export_onnx(files, tmp_path / "model.onnx")
    torch = TorchRuntime(files, precision="float32").encode(TEXTS, "query")
    np.testing.assert_allclose(
        OnnxRuntime(files, tmp_path / "model.onnx").encode(TEXTS, "query"), torch, atol=1e-4
    )


def test_openvino_reports_to_nobody(exported):
    """Its own usage reports come from a process that it forks when it reads a graph."""
    code = (
        "import os, sys, time\n"
        "forks = []\n"
        "os.register_at_fork(before=lambda: forks.append(1))\n"
        "from idiolect.runtimes.openvino import library\n"
        f"library().Core().read_model({str(exported / GRAPHS['onnx'])!r})\n"
        "time.sleep(0.5)\n"
        "sys.exit(len(forks))\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
