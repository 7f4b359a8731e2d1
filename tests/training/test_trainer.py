"""A real training of a real, tiny model: it learns what it is shown, and only where it may."""

import pytest
import torch
from tiny_model import save_tiny_model
from valves import trained

from idiolect.runtimes.model_files import describe
from idiolect.training.trainer import load_for_training

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def run(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training") / "checkpoints"
    return *trained(tiny_model, folder), folder


def test_ten_steps_lower_the_loss_on_what_was_shown(run):
    _, _, result, (before, after), _ = run
    assert result["steps"] == 10
    assert after < 0.9 * before
    assert result["loss"] > 0


def test_checkpoints_are_kept_and_the_dev_history_names_their_steps(run):
    _, _, result, (_, after), folder = run
    saved = sorted(int(path.name.partition("-")[2]) for path in folder.glob("checkpoint-*"))
    assert saved
    assert set(saved) <= set(result["dev"])
    assert len(result["dev"]) >= 3
    assert -after == pytest.approx(max(result["dev"].values()), rel=0.05), "the best checkpoint's weights"


def test_both_temperatures_are_reported(run):
    result = run[2]
    assert result["teacher_temperature"] > 0
    assert 0 < result["listwise_temperature"] < 5


def test_every_weight_that_is_used_has_moved(run):
    model, before, *_ = run
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name for name in before if "layer" in name and "weight" in name} <= moved


def test_the_best_checkpoint_is_kept_not_the_last(tiny_model, tmp_path):
    """A dev score that falls from the first checkpoint on stops training and brings that one back."""
    weights, scores = [], iter([0.9, 0.5, 0.4, 0.3, 0.2, 0.1])

    def falling(model):
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
        return next(scores)

    model, _, result, _ = trained(tiny_model, tmp_path / "checkpoints", falling, epochs=4)
    assert result["steps"] < 20
    assert list(result["dev"].values())[:3] == [0.9, 0.5, 0.4]
    for name, value in model.state_dict().items():
        assert torch.allclose(value, weights[0][name]), name


@pytest.mark.parametrize(("average_scores", "taken"), [(0.95, True), (0.9, False), (0.1, False)])
def test_the_average_of_the_last_checkpoints_is_taken_where_dev_likes_it_better(
    average_scores, taken, tiny_model, tmp_path
):
    shown, scores = [], iter([0.7, 0.9, 0.8, 0.6, average_scores])

    def score(model):
        shown.append({name: value.clone() for name, value in model.state_dict().items()})
        return next(scores)

    model, _, result, _ = trained(tiny_model, tmp_path / "checkpoints", score, epochs=4, souped=3)
    assert list(result["dev"].values()) == [0.7, 0.9, 0.8, 0.6]
    assert result["soup"] == average_scores
    *_, best, second, last, souped = shown
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            mean = (best[name] + second[name] + last[name]) / 3
            assert torch.allclose(souped[name], mean, atol=1e-6), name
            assert torch.equal(value, souped[name] if taken else best[name]), name


def test_last_layers_leaves_the_others_alone(tmp_path):
    deep = save_tiny_model(tmp_path / "deep", layers=4)
    model, before, _, (first, last) = trained(deep, tmp_path / "checkpoints", adapter="last-layers", epochs=1)
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert all(".layer.2." in name or ".layer.3." in name for name in moved)
    assert {name.partition(".layer.")[2][0] for name in moved} == {"2", "3"}
    assert last < first


def test_a_time_limit_stops_training_and_keeps_what_was_learnt(tiny_model, tmp_path):
    _, _, result, _ = trained(tiny_model, tmp_path / "checkpoints", max_minutes=1e-6)
    assert result["steps"] == 1
    assert result["dev"]


def test_dropout_is_off(tiny_model):
    model = load_for_training(describe(tiny_model), "full")
    assert all(module.p == 0 for module in model.modules() if isinstance(module, torch.nn.Dropout))
