"""Every architecture that can be trained, as a graph: its vectors, alone and among others."""

import numpy as np
import pytest
from tiny_families import FAMILIES, save_tiny_family
from tiny_model import TEXTS, save_tiny_model

from idiolect.runtimes.graph import export_onnx
from idiolect.runtimes.layout import GRAPHS, WEIGHTS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.opening import open_graph
from idiolect.runtimes.packed_graph import export_openvino
from idiolect.runtimes.quantisation import quantise
from idiolect.runtimes.tokens import pad


@pytest.fixture(scope="module", params=["bert", *FAMILIES])
def root(request, tmp_path_factory):
    """A folder laid out as a bundle, with the weights and both graphs of a family's model."""
    root = tmp_path_factory.mktemp(request.param)
    save = save_tiny_model if request.param == "bert" else lambda path: save_tiny_family(path, request.param)
    files = describe(save(root / WEIGHTS))
    export_onnx(files, root / GRAPHS["onnx"])
    export_openvino(files, root / GRAPHS["openvino"], lambda: root / GRAPHS["onnx"])
    return root


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_a_graph_gives_torchs_vectors_alone_and_among_others(root, name):
    files = describe(root / WEIGHTS)
    expected = open_graph(root, files, "torch", "float32").encode(TEXTS, "query")
    graph = open_graph(root, files, name, "float32")
    np.testing.assert_allclose(graph.encode(TEXTS, "query"), expected, atol=1e-4)
    alone = np.concatenate([graph.encode([text], "query") for text in TEXTS])
    np.testing.assert_allclose(alone, expected, atol=1e-4)


def test_its_products_can_be_int8(root):
    files = describe(root / WEIGHTS)
    exact = open_graph(root, files, "onnx")
    feeds = [exact.feed(*pad([ids], 0)) for ids in exact.tokens(TEXTS, "passage")]
    in_float, products = quantise(root / GRAPHS["onnx"], root / GRAPHS["onnx-int8"], feeds, lambda path: True)
    assert in_float == 0
    assert products >= 2 * 4
    int8 = open_graph(root, files, "onnx-int8")
    vectors = int8.encode(TEXTS, "passage")
    assert np.sum(vectors * exact.encode(TEXTS, "passage"), axis=1).min() > 0.97
    alone = np.concatenate([int8.encode([text], "passage") for text in TEXTS])
    assert np.sum(vectors * alone, axis=1).min() > 0.999
