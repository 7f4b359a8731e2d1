"""Encoders that stages share: the base and a tuned model, with the vectors that WORK already holds."""

from collections.abc import Sequence
from pathlib import Path

from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.runtimes.base import Kind, Vectors
from idiolect.runtimes.model_files import ModelFiles, describe
from idiolect.runtimes.opening import starting_model
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.context import Context


def base_files(context: Context) -> ModelFiles:
    """The facts of the base model that the config names."""
    return starting_model(context.config.train.base)


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
