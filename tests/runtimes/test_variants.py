"""Smaller graphs made of the float32 one: what is rounded in them, and what is not."""

from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tiny_model import TEXTS

from idiolect.errors import ModelError
from idiolect.runtimes.halves import halve
from idiolect.runtimes.layout import GRAPHS, WEIGHTS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.onnx import OnnxRuntime
from idiolect.runtimes.quantisation import quantise
from idiolect.runtimes.tokens import pad


@pytest.fixture(scope="module")
def exact(exported):
    return OnnxRuntime(describe(exported / WEIGHTS), exported / GRAPHS["onnx"])


@pytest.fixture(scope="module")
def feeds(exact):
    return [exact.feed(*pad([ids], 0)) for ids in exact.tokens(TEXTS, "passage")]


def operators(path):
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def test_halves_are_close_and_half_as_large(exported, exact, tmp_path):
    halve(exported / GRAPHS["onnx"], tmp_path / "half.onnx")
    halves = OnnxRuntime(exact.files, tmp_path / "half.onnx", "float16")
    assert halves.precision == "float16"
    vectors, expected = halves.encode(TEXTS, "query"), exact.encode(TEXTS, "query")
    assert np.sum(vectors * expected, axis=1).min() > 0.999
    assert (vectors != expected).any()
    weights = [
        tensor for tensor in onnx.load(tmp_path / "half.onnx").graph.initializer if len(tensor.dims) == 2
    ]
    assert {tensor.data_type for tensor in weights if numpy_helper.to_array(tensor).dtype.kind == "f"} == {
        onnx.TensorProto.FLOAT16
    }


def test_weights_are_int8_with_a_scale_a_channel(exported, feeds, tmp_path):
    _, products = quantise(exported / GRAPHS["onnx"], tmp_path / "int8.onnx", feeds, lambda path: True)
    graph = onnx.load(tmp_path / "int8.onnx").graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weights = [tensor for tensor in tensors.values() if tensor.data_type == onnx.TensorProto.INT8]
    matrices = [tensor for tensor in weights if len(tensor.dims) == 2]
    assert len(matrices) == products
    scales = {
        tuple(tensors[node.input[1]].dims)
        for node in graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in {matrix.name for matrix in matrices}
    }
    assert scales == {(matrix.dims[1],) for matrix in matrices}


def test_the_worst_half_at_most_stays_in_float(exported, feeds, tmp_path):
    tried = []

    def good(path):
        tried.append(operators(path)["DequantizeLinear"])
        return False

    in_float, products = quantise(exported / GRAPHS["onnx"], tmp_path / "int8.onnx", feeds, good)
    assert in_float == products // 2
    assert tried == sorted(tried, reverse=True)
    assert len(tried) == 5


def test_the_product_that_suffers_most_is_the_first_left_in_float(exported, exact, feeds, tmp_path):
    """One weight far above the others of its row leaves one step for all activations of its channel."""
    model = onnx.load(exported / GRAPHS["onnx"])
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    spoilt = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in constants][3]
    tensor = constants[spoilt.input[1]]
    weights = numpy_helper.to_array(tensor).copy()
    weights[0] *= 300  # the first input's weights drown the others in every channel
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    onnx.save(model, tmp_path / "spoilt.onnx")
    graphs = []

    def good(path):
        graphs.append({node.name: set(node.input) for node in onnx.load(path).graph.node})
        return len(graphs) == 2

    in_float, _ = quantise(tmp_path / "spoilt.onnx", tmp_path / "int8.onnx", feeds, good)
    assert in_float >= 1
    assert spoilt.input[1] not in graphs[0][spoilt.name]
    assert spoilt.input[1] in graphs[1][spoilt.name]


def test_a_graph_without_products_is_refused(tmp_path):
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    other = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    onnx.save(
        onnx.helper.make_model(onnx.helper.make_graph([node], "g", [value], [other])), tmp_path / "g.onnx"
    )
    with pytest.raises(ModelError, match="no products"):
        quantise(tmp_path / "g.onnx", tmp_path / "int8.onnx", [], lambda path: True)
