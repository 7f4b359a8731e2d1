"""What training changes, from the base to the share of the change that dev likes best."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol

import torch
from sentence_transformers import SentenceTransformer

from idiolect.config import Train
from idiolect.runtimes.adapter import Update, read_adapter, write_adapter
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.likeness import refuse_other_shapes, refuse_unlike
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.starting import starting_model
from idiolect.runtimes.torch import TorchRuntime, load
from idiolect.training.adapters import low_rank_updates, merged_weights
from idiolect.training.merge import Weights, interpolate
from idiolect.training.trainer import load_for_training

_CURE = "train.start takes what was tuned from train.base, or merged from such models"


class Learner(Protocol):
    @property
    def student(self) -> SentenceTransformer:
        """What the trainer steps on, gone after the first `at`."""

    def encoder(self) -> TextEncoder:
        """The student as it is now."""

    def at(self, share: float) -> TextEncoder:
        """The base with this share of the change that training made."""

    def save(self, folder: Path) -> None:
        """Write the model as `at` was last asked for it, the base where it never was."""


class TunedWeights:
    """The base's own weights learn: all, some, or low-rank updates of them, which are saved merged.

    Where `settings.start` names another model of the base's architecture, learning begins there.
    """

    def __init__(self, files: ModelFiles, settings: Train, seed: int) -> None:
        """Raises ModelError where the model to start from cannot be had, or is not like the base."""
        self.files, self.settings, self.seed = files, settings, seed
        self.start = starting_model(settings.start) if settings.start else files
        refuse_unlike(files, self.start, _CURE)
        self._base_adapter = self._adapter = read_adapter(files)
        self._updates: Mapping[str, Update] = {}

    @cached_property
    def student(self) -> SentenceTransformer:
        if self.settings.start:
            weights = load(self.start.path, "cpu").state_dict()
            refuse_other_shapes(self.files, self._model.state_dict(), self.start, weights, _CURE)
        torch.manual_seed(self.seed)  # one half of a low-rank update begins at random
        return load_for_training(self.start, self.settings.adapter, self.settings.lora_rank)

    @cached_property
    def _model(self) -> SentenceTransformer:
        return load(self.files.path)

    @cached_property
    def _ends(self) -> tuple[Weights, Weights]:
        base = {name: value.cpu().clone() for name, value in self._model.state_dict().items()}
        tuned = merged_weights(self.student)
        if self._low_rank:
            self._updates = low_rank_updates(self.student)
        del self.student
        return base, tuned

    def encoder(self) -> TextEncoder:
        return TorchRuntime(self.files, self.student)

    @property
    def _low_rank(self) -> bool:
        """Whether all that is learnt can be told apart from the base."""
        return self.settings.adapter == "lora" and not self.settings.start

    def at(self, share: float) -> TextEncoder:
        self._model.load_state_dict(interpolate(*self._ends, share))
        self._adapter = self._base_adapter.updated(self._updates, share)
        return TorchRuntime(self.files, self._model)

    def save(self, folder: Path) -> None:
        """The merged weights and, where low-rank updates were trained, these apart too."""
        self._model.save(str(folder), create_model_card=False)
        if self._low_rank:
            write_adapter(folder, self._adapter)
