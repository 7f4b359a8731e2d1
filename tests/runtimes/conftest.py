import pytest
from tiny_model import save_tiny_model

from idiolect.runtimes.graph import export_onnx
from idiolect.runtimes.layout import GRAPHS, WEIGHTS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.packed_graph import export_openvino


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder laid out as a bundle (without manifest): weights and both graphs of a tiny model."""
    root = tmp_path_factory.mktemp("exported")
    files = describe(save_tiny_model(root / WEIGHTS))
    export_onnx(files, root / GRAPHS["onnx"])
    export_openvino(files, root / GRAPHS["openvino"], lambda: root / GRAPHS["onnx"])
    return root
