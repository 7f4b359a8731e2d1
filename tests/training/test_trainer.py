"""A real training of a real, tiny model: it learns what it is shown, and only where it may."""

import pytest
import torch
from tiny_model import save_tiny_model

from idiolect.config import Train
from idiolect.progress import Silent
from idiolect.records import Negative, TextRef, TrainingExample
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime
from idiolect.training.batches import Collator, Guide
from idiolect.training.losses import MixedLoss
from idiolect.training.trainer import _tokenizer, listwise_temperatures, load_for_training, train

pytestmark = pytest.mark.usefixtures("one_thread")

LETTERS = "bcdfghklmnprstvw"
TEXTS = {
    f"c{number}": f"the {letter}{letter} valve opens at {number} bar" for number, letter in enumerate(LETTERS)
}
DIMENSIONS = (64, 16)


def an_example(number, objective):
    names = [f"c{(number + step) % len(LETTERS)}" for step in range(4)]
    return TrainingExample(
        query_id=f"q{number}-{objective}",
        query=f"when does {LETTERS[number]} {objective} open",
        positive=TextRef(id=names[0], text=TEXTS[names[0]]),
        negatives=[Negative(id=name, text=TEXTS[name], score=1.0) for name in names[1:]],
        teacher_scores=[4.0, 2.0, 1.0, 0.5],
        objective=objective,
    )


EXAMPLES = [an_example(n, kind) for kind in ("contrastive", "listwise") for n in range(len(LETTERS))][:40]


def guide_of(files):
    runtime = TorchRuntime(files)
    queries = [example.query for example in EXAMPLES]
    return Guide(
        queries=dict(zip((e.query_id for e in EXAMPLES), runtime.encode(queries, "query"), strict=True)),
        passages=dict(zip(TEXTS, runtime.encode(list(TEXTS.values()), "passage"), strict=True)),
        related={},
        margin=1.1,
    )


def own_loss(model, files, guide, settings):
    """The loss over all examples in one batch."""
    collator = Collator(EXAMPLES, _tokenizer(model, files, settings.max_tokens), guide, TEXTS)
    batch = collator([{"example": row} for row in range(len(EXAMPLES))])
    groups = {}
    for name, value in batch.items():
        group, _, feature = name.partition("_")
        if feature:
            groups.setdefault(group, {})[feature] = value
    teacher, student = listwise_temperatures(EXAMPLES, guide)
    loss = MixedLoss(model, DIMENSIONS, settings.temperature, student, teacher)
    with torch.no_grad():
        return loss(list(groups.values()), batch["label"]).item()


def trained(path, folder, dev_score=None, **changes):
    files = describe(path)
    settings = Train(**({"epochs": 2, "batch_size": 7, "learning_rate": 5e-4, "max_tokens": 32} | changes))
    model = load_for_training(files, settings.adapter)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    guide = guide_of(files)
    losses = [own_loss(model, files, guide, settings)]

    def score(given):
        losses.append(own_loss(given, files, guide, settings))
        return -losses[-1]

    result = train(
        model, files, EXAMPLES, guide, TEXTS, settings, DIMENSIONS, 13, folder, dev_score or score, Silent()
    )
    return model, before, result, [losses[0], own_loss(model, files, guide, settings)]


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
