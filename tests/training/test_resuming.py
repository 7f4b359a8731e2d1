"""A training that was killed goes on where it was, and ends as if it had never stopped."""

import json

import pytest
import torch
from valves import trained

from idiolect.progress import Silent
from idiolect.training import course

pytestmark = pytest.mark.usefixtures("one_thread", "a_checkpoint_each_step")

TWO_EPOCHS = {"epochs": 2, "batch_size": 4}
STEPS, AN_EPOCH, EVERY = 16, 8, 2


class Killed(BaseException):
    pass


class Notes(Silent):
    """What was said; with `steps`, the end of the process in the step after so many."""

    def __init__(self, steps=None):
        self.steps, self.said = steps, []

    def note(self, message):
        self.said.append(message)

    def advance(self, count=1, detail="", free=False):
        if self.steps is not None:
            self.steps -= count
            if self.steps < 0:
                raise Killed


@pytest.fixture
def a_checkpoint_each_step(monkeypatch):
    monkeypatch.setattr(course, "_SAVE_SECONDS", 0.0)
    monkeypatch.setattr(course, "_SAVE_SHARE", float("inf"))


@pytest.fixture(scope="module")
def uninterrupted(tiny_model, tmp_path_factory):
    model, _, result, _ = trained(tiny_model, tmp_path_factory.mktemp("whole") / "checkpoints", **TWO_EPOCHS)
    return model.state_dict(), result


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def killed_after(steps, tiny_model, folder, **changes):
    with pytest.raises(Killed):
        trained(tiny_model, folder, progress=Notes(steps), **(TWO_EPOCHS | changes))


def same(weights, others):
    return all(torch.equal(value, others[name]) for name, value in weights.items())


@pytest.mark.parametrize("steps", [3, AN_EPOCH, AN_EPOCH + 3, STEPS - 1])
def test_it_ends_with_the_same_weights(uninterrupted, tiny_model, folder, steps):
    weights, result = uninterrupted
    killed_after(steps, tiny_model, folder)
    notes = Notes()
    model, _, resumed, _ = trained(tiny_model, folder, progress=notes, **TWO_EPOCHS)
    assert notes.said == [f"continuing from step {steps} of {STEPS}"]
    assert resumed == result
    assert list(result["dev"]) == [*range(EVERY, STEPS + 1, EVERY)]
    assert same(model.state_dict(), weights)


@pytest.mark.parametrize("adapter", ["lora", "last-layers"])
def test_whatever_learns_it_ends_with_the_same_weights(tiny_model, folder, adapter):
    settings = TWO_EPOCHS | {"adapter": adapter}
    whole, before, result, _ = trained(tiny_model, folder / "whole", **settings)
    assert list(result["dev"])[-1] == STEPS
    killed_after(AN_EPOCH + 3, tiny_model, folder, **settings)
    model, _, resumed, _ = trained(tiny_model, folder, **settings)
    assert resumed == result
    assert same(model.state_dict(), whole.state_dict())
    assert not same(model.state_dict(), before)


def test_it_may_be_killed_again_and_again(uninterrupted, tiny_model, folder):
    weights, result = uninterrupted
    for _ in range(3):
        killed_after(5, tiny_model, folder)
    model, _, resumed, _ = trained(tiny_model, folder, **TWO_EPOCHS)
    assert resumed == result
    assert same(model.state_dict(), weights)


def forget_moments(path, monkeypatch):
    state = torch.load(path / "optimizer.pt", weights_only=True)
    torch.save(state | {"state": {}}, path / "optimizer.pt")


def forget_schedule(path, monkeypatch):
    state = torch.load(path / "scheduler.pt", weights_only=True)
    torch.save(state | {"last_epoch": 0, "_step_count": 1}, path / "scheduler.pt")


def forget_batches(path, monkeypatch):
    monkeypatch.setattr("transformers.trainer.skip_first_batches", lambda loader, count: loader)


@pytest.mark.parametrize("forget", [forget_moments, forget_schedule, forget_batches])
def test_optimiser_scheduler_and_sampler_all_matter(uninterrupted, tiny_model, folder, monkeypatch, forget):
    """Without any one of the three the weights come out otherwise."""
    weights, _ = uninterrupted
    killed_after(11, tiny_model, folder)
    forget(folder / "checkpoint-11", monkeypatch)
    model, *_ = trained(tiny_model, folder, **TWO_EPOCHS)
    assert not same(model.state_dict(), weights)


def test_other_objectives_and_cached_batches_end_with_the_same_weights_too(
    uninterrupted, tiny_model, tmp_path
):
    settings = {"hardness": 5.0, "distill": 0.5, "spread": 0.1, "micro_batch": 3}
    whole, _, result, _ = trained(tiny_model, tmp_path / "whole", **TWO_EPOCHS, **settings)
    killed_after(3, tiny_model, tmp_path / "killed", **settings)
    model, _, resumed, _ = trained(tiny_model, tmp_path / "killed", **TWO_EPOCHS, **settings)
    assert resumed == result
    assert same(model.state_dict(), whole.state_dict())
    assert not same(model.state_dict(), uninterrupted[0])


@pytest.mark.parametrize("left", [None, "", '{"global_step": 4, "best_'])
def test_a_half_written_checkpoint_is_removed_and_the_one_before_is_used(
    uninterrupted, tiny_model, folder, left
):
    weights, result = uninterrupted
    killed_after(3, tiny_model, folder)
    half = folder / "checkpoint-4"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    if left is not None:
        (half / "trainer_state.json").write_text(left)
    notes = Notes()
    model, _, resumed, _ = trained(tiny_model, folder, progress=notes, **TWO_EPOCHS)
    assert notes.said == [f"continuing from step 3 of {STEPS}"]
    assert resumed == result
    assert same(model.state_dict(), weights)


def test_checkpoints_of_another_training_are_removed(uninterrupted, tiny_model, folder):
    weights, result = uninterrupted
    killed_after(3, tiny_model, folder, key="with other examples")
    notes = Notes()
    model, _, again, _ = trained(tiny_model, folder, progress=notes, **TWO_EPOCHS)
    assert notes.said == []
    assert again == result
    assert same(model.state_dict(), weights)


FALLING = {2: 0.9, 4: 0.5, 6: 0.4}
"""Step → dev score: the first is best, and after two misses training stops."""


def scores(*values):
    """A dev that gives one value after another, and keeps the weights it was shown."""
    waiting, shown = list(values), []

    def score(model):
        shown.append({name: value.clone() for name, value in model.state_dict().items()})
        return waiting.pop(0)

    return score, shown


def test_patience_and_the_best_checkpoint_survive(tiny_model, folder):
    """The best is not deleted for the newer ones, and an evaluation before the kill counts as a miss after it."""
    before, shown = scores(0.9, 0.5)
    with pytest.raises(Killed):
        trained(tiny_model, folder, before, Notes(5), **TWO_EPOCHS)
    assert {path.name for path in folder.glob("checkpoint-*")} == {"checkpoint-2", "checkpoint-5"}
    after, _ = scores(0.4)
    model, _, result, _ = trained(tiny_model, folder, after, **TWO_EPOCHS)
    assert (result["steps"], result["dev"]) == (6, FALLING)
    assert same(model.state_dict(), shown[0])


def test_what_had_ended_is_not_trained_further(tiny_model, folder):
    """Killed after training, before its checkpoints were removed."""
    first, _ = scores(*FALLING.values())
    model, _, result, _ = trained(tiny_model, folder, first, **TWO_EPOCHS)
    notes, never = Notes(steps=0), scores()[0]
    again, _, resumed, _ = trained(tiny_model, folder, never, notes, **TWO_EPOCHS)
    assert notes.said == ["training had ended after step 6: its best checkpoint is used"]
    assert resumed == result
    assert same(again.state_dict(), model.state_dict())


def test_checkpoints_to_average_survive(tiny_model, folder, tmp_path):
    """Killed after two of the three evaluations that are averaged."""
    *_, whole, _ = trained(tiny_model, tmp_path / "whole", souped=3, **TWO_EPOCHS)
    killed_after(STEPS - 3, tiny_model, folder, souped=3)
    kept = {int(path.name.partition("-")[2]) for path in folder.glob("checkpoint-*")}
    assert {STEPS - 8, STEPS - 6, STEPS - 4, STEPS - 3} <= kept
    *_, resumed, _ = trained(tiny_model, folder, souped=3, **TWO_EPOCHS)
    assert resumed == whole and "soup" in whole


def test_the_time_of_all_attempts_counts(tiny_model, folder):
    killed_after(5, tiny_model, folder, max_minutes=10)
    totals = folder / "checkpoint-5" / "totals.json"
    totals.write_text(json.dumps(json.loads(totals.read_text()) | {"seconds": 599.99}))
    *_, result, _ = trained(tiny_model, folder, **TWO_EPOCHS, max_minutes=10)
    assert result["steps"] < 8
    notes = Notes(steps=0)
    *_, again, _ = trained(tiny_model, folder, progress=notes, **TWO_EPOCHS, max_minutes=10)
    assert again == result
    assert notes.said == [f"training had ended after step {result['steps']}: its best checkpoint is used"]


def test_an_epochs_last_step_is_evaluated_once(tiny_model, folder):
    """A second evaluation of the same weights would count as a miss."""
    score, shown = scores(*range(100))
    *_, result, _ = trained(tiny_model, folder, score, epochs=2, batch_size=11)
    assert result["steps"] == 6
    assert len(shown) == len(result["dev"]) == 6
