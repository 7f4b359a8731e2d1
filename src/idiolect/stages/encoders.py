"""Encoders that stages share: the base and a tuned model, with the vectors that WORK already holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from idiolect.config import is_endpoint
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import Fusion
from idiolect.runtimes.base import Kind, TextEncoder, Vectors
from idiolect.runtimes.endpoint import EndpointRuntime
from idiolect.runtimes.mapping import MappedEncoder, matrix_in, read_map
from idiolect.runtimes.model_files import ModelFiles, describe
from idiolect.runtimes.starting import starting_model
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.context import Context


def base_files(context: Context) -> ModelFiles:
    """The facts of the base model that the config names; an endpoint is asked for its dimension."""
    base = context.config.train.base
    return EndpointRuntime(base).files if is_endpoint(base) else starting_model(base)


def base_encoder(context: Context) -> CachedEncoder:
    base = context.config.train.base
    runtime: TextEncoder = EndpointRuntime(base) if is_endpoint(base) else TorchRuntime(base_files(context))
    return CachedEncoder(runtime, context.workspace.vectors)


def model_encoder(context: Context, path: Path) -> CachedEncoder:
    """The model in `path`; where that is a map of the base's vectors, those that WORK holds are mapped."""
    files, found = describe(path), read_map(path)
    base = base_encoder(context) if found is not None else None
    if found is not None and base is not None and found.base == base.files.digest:
        mapped = MappedEncoder(files, base, matrix_in(path))
        return CachedEncoder(mapped, context.workspace.vectors)
    return CachedEncoder(TorchRuntime(files), context.workspace.vectors)


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
