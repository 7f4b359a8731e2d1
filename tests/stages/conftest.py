"""A small WORK, prepared, and trainings in copies of it."""

import shutil

import pytest
from builders import Listening
from prepared_work import copies, prepared, questions
from small_corpus import chunks_of
from threads import one_torch_thread
from tiny_model import save_tiny_cross_encoder

from idiolect.config import load
from idiolect.files import read_json, read_jsonl
from idiolect.records import TrainingExample
from idiolect.stages.context import Context
from idiolect.stages.train import run
from idiolect.workspace import Workspace

SMALL = ("train.dimensions=[64, 16]", "train.batch_size=8", "train.max_tokens=32", "train.learning_rate=1e-3")


@pytest.fixture(scope="session")
def prepared_root(tiny_model, tmp_path_factory):
    """A WORK in which prepare has made examples of written and of copied queries."""
    chunks = chunks_of()
    queries = [*questions(), *copies(chunks, 60)]
    context, _, _ = prepared(tmp_path_factory.mktemp("prepared"), tiny_model, chunks, queries)
    kinds = {example.objective for example in read_jsonl(context.workspace.train, TrainingExample)}
    assert kinds == {"contrastive", "listwise"}
    return context.workspace.root


@pytest.fixture(scope="session")
def examples(prepared_root):
    return list(read_jsonl(Workspace(prepared_root).train, TrainingExample))


@pytest.fixture(scope="session")
def over(prepared_root, tiny_model):
    """A context with any settings over a copy of that WORK in a folder, or over that WORK itself."""

    def make(folder, *settings):
        if folder is not None:
            shutil.copytree(prepared_root, folder / "work", dirs_exist_ok=True)
        root = prepared_root if folder is None else folder / "work"
        return Context(
            Workspace(root), load(None, [f"train.base={tiny_model}", *SMALL, *settings]), Listening()
        )

    return make


@pytest.fixture(scope="session")
def defaults(over, tmp_path_factory):
    """What training without any of the new settings gives."""
    context = over(tmp_path_factory.mktemp("defaults"))
    with one_torch_thread():
        run(context)
    return read_json(context.workspace.selection)["training"]


@pytest.fixture
def trained(over, tmp_path):
    """Train with any settings; the context, selection.json's `training`, and what was said."""

    def train(*settings):
        context = over(tmp_path, *settings)
        run(context)
        return context, read_json(context.workspace.selection)["training"], context.progress.notes

    return train


@pytest.fixture(scope="session")
def cross_encoder(tmp_path_factory):
    return str(save_tiny_cross_encoder(tmp_path_factory.mktemp("cross") / "encoder"))
