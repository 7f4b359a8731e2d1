"""What every folder of tests may use."""

import pytest
from tiny_model import save_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The directory of a two-layer BERT with random weights, to stand as `train.base`."""
    return save_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def one_thread():
    """Training and encoding on one core, which is plenty for a tiny model."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
