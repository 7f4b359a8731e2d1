"""What every folder of tests may use."""

import pytest
from threads import one_torch_thread
from tiny_bundle import write_graph_bundle
from tiny_model import save_shallow_model, save_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The directory of a two-layer BERT with random weights, to stand as `train.base`."""
    return save_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory):
    """A bundle of the same model with its graphs, to be served and to index with."""
    return write_graph_bundle(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def shallow_model(tmp_path_factory):
    """The default base with one of its six layers: it knows words, and trains in seconds."""
    return save_shallow_model(tmp_path_factory.mktemp("base") / "shallow", 1)


@pytest.fixture(scope="module")
def one_thread():
    """Training and encoding on one core, which is plenty for a tiny model.

    Fixtures of a wider scope are made before this one: they use `one_torch_thread` themselves.
    """
    with one_torch_thread():
        yield
