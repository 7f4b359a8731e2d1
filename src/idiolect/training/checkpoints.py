"""Checkpoints of one training that outlive a kill: which is the last whole one, and how far training was then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from idiolect.files import read_json, remove, write_json, write_text
from idiolect.records import Record

_PREFIX = "checkpoint-"
_STATE = "trainer_state.json"  # what transformers writes last: a checkpoint that has it is whole
_TOTALS = "totals.json"


class Totals(Record, frozen=True, kw_only=True):
    """What adds up over all attempts: seconds of training, and the sum of its steps' losses."""

    seconds: float = 0.0
    loss: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """A whole one. `best` is where the best weights of dev lie, None before the first evaluation.

    `dev` is step → score; `misses` counts the evaluations since the best one.
    """

    path: Path
    step: int
    best: Path | None
    dev: dict[int, float]
    misses: int
    totals: Totals


class Checkpoints:
    """The folder of one training's checkpoints; those of a training with another `key` are removed."""

    def __init__(self, root: Path, key: str, souped: int = 0) -> None:
        """`souped`: how many of the last that were evaluated are kept to be averaged."""
        self.root, self.souped = root, souped
        name = root / "key"
        if not name.is_file() or name.read_text(encoding="utf-8") != key:
            remove(root)
            write_text(name, key)

    def last(self) -> Checkpoint | None:
        """The newest whole checkpoint; what a killed process left half written is removed."""
        for step in sorted(self._steps(), reverse=True):
            checkpoint = self._read(step)
            if checkpoint is not None:
                return checkpoint
            remove(self._path(step))
        return None

    def begin(self, step: int, totals: Totals) -> None:
        """Make the folder of a checkpoint, its `totals` in it: before transformers fills it."""
        write_json(self._path(step) / _TOTALS, totals)

    def keep(self, step: int, best: int | None, evaluated: Sequence[int] = ()) -> None:
        """Remove all checkpoints but that of `step`, to continue from, that of the `best` step, and those to average.

        `evaluated`: the steps at which dev was measured, in order.
        """
        for other in set(self._steps()) - {step, best, *self._last(evaluated)}:
            remove(self._path(other))

    def to_average(self, evaluated: Sequence[int]) -> list[Path]:
        """The last `souped` checkpoints that were evaluated."""
        return [self._path(step) for step in self._last(evaluated)]

    def _last(self, evaluated: Sequence[int]) -> Sequence[int]:
        return evaluated[-self.souped :] if self.souped else ()

    def _path(self, step: int) -> Path:
        return self.root / f"{_PREFIX}{step}"

    def _steps(self) -> Iterator[int]:
        for path in self.root.glob(f"{_PREFIX}*"):
            yield int(path.name.removeprefix(_PREFIX))

    def _read(self, step: int) -> Checkpoint | None:
        path = self._path(step)
        try:
            state = msgspec.json.decode((path / _STATE).read_bytes(), type=_State)
            totals = msgspec.convert(read_json(path / _TOTALS), Totals)
        except (OSError, msgspec.MsgspecError):
            return None
        best = None if state.best_global_step is None else self._path(state.best_global_step)
        if best is not None and not (best / _STATE).is_file():
            return None
        dev = {
            int(entry["step"]): float(entry["eval_dev"]) for entry in state.log_history if "eval_dev" in entry
        }
        stopping = state.stateful_callbacks.get("EarlyStoppingCallback", {}).get("attributes", {})
        misses = int(stopping.get("early_stopping_patience_counter", 0))
        return Checkpoint(path, step, best, dev, misses, totals)


class _State(msgspec.Struct):
    """What this project reads of transformers' TrainerState."""

    best_global_step: int | None = None
    log_history: list[dict[str, Any]] = []
    stateful_callbacks: dict[str, Any] = {}
