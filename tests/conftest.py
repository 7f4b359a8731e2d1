"""What every folder of tests may use."""

import pytest
from tiny_model import save_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The directory of a two-layer BERT with random weights, to stand as `train.base`."""
    return save_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def shallow_model(tmp_path_factory):
    """The default base with one of its six layers: it knows words, and trains in seconds."""
    from sentence_transformers import SentenceTransformer

    from idiolect.runtimes.model_files import resolve

    model = SentenceTransformer(str(resolve("auto")), device="cpu")
    inner = model[0].auto_model
    inner.encoder.layer = inner.encoder.layer[:1]
    inner.config.num_hidden_layers = 1
    path = tmp_path_factory.mktemp("base") / "shallow"
    model.save(str(path), create_model_card=False)
    return path


@pytest.fixture(scope="module")
def one_thread():
    """Training and encoding on one core, which is plenty for a tiny model."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
