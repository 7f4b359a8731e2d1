"""Encoders that stages share: the base and a tuned model, with the vectors that WORK already holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import Fusion
from idiolect.runtimes.base import Kind, Vectors
from idiolect.runtimes.model_files import ModelFiles, describe, resolve
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.context import Context


def base_files(context: Context) -> ModelFiles:
    """The facts of the base model that the config names."""
    return describe(resolve(context.config.train.base))


def base_encoder(context: Context) -> CachedEncoder:
    return CachedEncoder(TorchRuntime(base_files(context)), context.workspace.vectors)


def model_encoder(context: Context, path: Path) -> CachedEncoder:
    return CachedEncoder(TorchRuntime(describe(path)), context.workspace.vectors)


def encode(
    encoder: CachedEncoder, texts: Sequence[str], kind: Kind, progress: Progress, task: str
) -> Vectors:
    """Encode with progress: float32 [texts, d]."""
    progress.start(task, len(texts), "texts")
    vectors = encoder.encode(texts, kind, on_batch=progress.advance)
    progress.finish()
    return vectors


Side = Literal["base", "tuned"]


@dataclass(frozen=True)
class Sides:
    """The two models that are compared, each with its own fusion."""

    base: CachedEncoder
    tuned: CachedEncoder
    fusion: Mapping[str, Fusion]

    def encoder(self, side: Side) -> CachedEncoder:
        return self.base if side == "base" else self.tuned
