"""What the train stage keeps apart of a LoRA or a map: enough to make the merged model of its root again."""

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mining.test_prepare import chunks_of, prepared, questions

from idiolect.config import load as load_config
from idiolect.runtimes.adapter import read_adapter
from idiolect.runtimes.layout import ADAPTER
from idiolect.runtimes.mapping import matrix_in
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import load
from idiolect.stages import train
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

SHARE = 0.5


@pytest.fixture
def tuned(tiny_model, tmp_path, monkeypatch):
    """Train on a base with any settings, half of the change kept; the model's facts."""
    rising = itertools.count()
    monkeypatch.setattr(train.DevJudge, "score", lambda *_: next(rising))
    monkeypatch.setattr(train.DevJudge, "choose", lambda *_: SHARE)
    made = prepared(tmp_path / "prepared", tiny_model, chunks_of(), questions())[0]

    def make(name, base, *settings):
        root = tmp_path / name
        shutil.copytree(made.workspace.root, root)
        given = (f"train.base={base}", "train.batch_size=8", "train.learning_rate=1e-2", *settings)
        context = replace(made, workspace=Workspace(root), config=load_config(None, given))
        train.run(context)
        return describe(context.workspace.model)

    return make


def transformer(path):
    return {
        name: value.numpy()
        for name, value in load(Path(path), "cpu")[0].auto_model.state_dict().items()
        if value.is_floating_point()
    }


def rebuilt(adapter, root):
    """The root's weights with the adapter's updates added."""
    weights = transformer(root)
    for layer, (down, up) in adapter.updates.items():
        weights[f"{layer}.weight"] = weights[f"{layer}.weight"] + (down @ up).T
    return weights


def test_a_company_a_team_and_a_person_differ_from_the_root_by_one_adapter_each(tuned, tiny_model):
    company = tuned("company", tiny_model, "train.adapter=lora", "train.lora_rank=4")
    team = tuned("team", company.path, "train.adapter=linear")
    person = tuned("person", team.path, "train.adapter=lora", "train.lora_rank=2")
    root = describe(tiny_model)
    for files, rank, mapped in ((company, 4, False), (team, 4, True), (person, 6, True)):
        adapter = read_adapter(files)
        assert adapter.root.digest == root.digest
        assert (adapter.rank, adapter.matrix is not None) == (rank, mapped)
        held = transformer(files.path)
        for name, value in rebuilt(adapter, tiny_model).items():
            np.testing.assert_allclose(value, held[name], atol=1e-5, err_msg=name)
    assert (read_adapter(team).matrix == matrix_in(team.path)).all()
    changed = rebuilt(read_adapter(company), tiny_model)
    assert any(not np.allclose(value, transformer(tiny_model)[name]) for name, value in changed.items())


@pytest.mark.parametrize("adapter", ["full", "last-layers"])
def test_weights_that_were_tuned_as_they_are_keep_nothing_apart(tuned, tiny_model, adapter):
    files = tuned("work", tiny_model, f"train.adapter={adapter}")
    assert not (files.path / ADAPTER).exists()
    assert read_adapter(files).root.digest == files.digest


def test_nor_is_a_lora_kept_apart_that_began_at_another_models_weights(tuned, tiny_model):
    start = tuned("first", tiny_model, "train.adapter=full")
    files = tuned("second", tiny_model, "train.adapter=lora", f"train.start={start.path}")
    assert not (files.path / ADAPTER).exists()
