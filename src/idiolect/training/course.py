"""How far a training is, over all its attempts: what a killed one leaves to the next."""

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

from transformers import TrainerCallback

from idiolect.progress import Progress
from idiolect.training.checkpoints import Checkpoint, Checkpoints, Totals

PATIENCE = 2
"""Evaluations on dev without a new best, after which training ends."""

_SAVE_SECONDS = 120.0
_SAVE_SHARE = 0.05  # of the time at most goes into checkpoints beyond those of the evaluations


class Course(TrainerCallback):  # type: ignore[misc]
    """Shows how far training is, keeps it in checkpoints, and ends it after `minutes` of all attempts (0: never)."""

    def __init__(
        self,
        progress: Progress,
        steps: int,
        minutes: float,
        checkpoints: Checkpoints,
        last: Checkpoint | None,
    ) -> None:
        self.progress, self.steps, self.minutes, self.checkpoints = progress, steps, minutes, checkpoints
        self.step = last.step if last else 0
        self.dev = dict(last.dev) if last else {}
        totals = last.totals if last else Totals()
        self.loss = totals.loss
        self.began = self.saved = time.monotonic()
        self.before, self.saving_took = totals.seconds, 0.0

    def is_over(self, last: Checkpoint) -> bool:
        return last.step >= self.steps or last.misses >= PATIENCE or self._out_of_time()

    def add(self, loss: float) -> None:
        if math.isfinite(loss):
            self.loss += loss

    @contextlib.contextmanager
    def saving(self, step: int) -> Iterator[None]:
        """Around the writing of a checkpoint."""
        began = time.monotonic()
        self.checkpoints.begin(step, Totals(seconds=self._seconds(), loss=self.loss))
        yield
        self.saved = time.monotonic()
        self.saving_took = self.saved - began

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.step:
            self.progress.note(f"continuing from step {self.step:,} of {self.steps:,}")
        self.progress.start("training", self.steps - self.step, "steps")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.step = state.global_step
        self.progress.advance()
        if time.monotonic() - self.saved > max(_SAVE_SECONDS, self.saving_took / _SAVE_SHARE):
            control.should_save = True
        if self._out_of_time():
            self.progress.note(f"train.max_minutes = {self.minutes} reached after {state.global_step} steps")
            control.should_training_stop = control.should_evaluate = control.should_save = True

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # transformers acts on these flags again here, though the epoch's last step has done all that they say
        control.should_evaluate = control.should_save = False

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.checkpoints.keep(state.global_step, state.best_global_step, sorted(self.dev))

    def _seconds(self) -> float:
        return self.before + time.monotonic() - self.began

    def _out_of_time(self) -> bool:
        return self.minutes > 0 and self._seconds() > 60 * self.minutes
