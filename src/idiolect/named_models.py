"""Models as commands and settings name them: bundles, sentence-transformers directories, hub names, endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from idiolect import config as configuration
from idiolect.bundle import Bundle, is_bundle
from idiolect.lifecycle.registry import is_reference, located
from idiolect.records import Fusion
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.model_files import resolve
from idiolect.runtimes.opening import open_encoder

ModelKind = Literal["model", "bundle", "endpoint"]


@dataclass(frozen=True)
class NamedModel:
    """A model that is ready to encode; `fusion` is a bundle's own, None where the model has chosen none."""

    runtime: TextEncoder
    kind: ModelKind
    fusion: Fusion | None
    chunk_tokens: int
    overlap_tokens: int


def open_model(name: str) -> NamedModel:
    """The model behind a directory, a hub name, `registry:NAME@VERSION` or `URL#MODEL`.

    Raises ModelError, BundleError, RegistryError or MissingExtra where it cannot be had.
    """
    defaults = configuration.Ingest()
    if configuration.is_endpoint(name):
        from idiolect.runtimes.endpoint import EndpointRuntime

        endpoint = EndpointRuntime(name)
        return NamedModel(endpoint, "endpoint", None, defaults.chunk_tokens, defaults.overlap_tokens)
    path = located(name) if is_reference(name) else resolve(name)
    runtime = open_encoder(path)
    if is_bundle(path):
        manifest = Bundle.load(path).manifest
        return NamedModel(runtime, "bundle", manifest.fusion, manifest.chunk_tokens, manifest.overlap_tokens)
    return NamedModel(runtime, "model", None, defaults.chunk_tokens, defaults.overlap_tokens)


def short_names(models: Sequence[str]) -> dict[str, str]:
    """What each model is called in tables: the last part of its path where no other has the same, else all."""
    short = {model: model if configuration.is_endpoint(model) else Path(model).name for model in models}
    return {model: name if list(short.values()).count(name) == 1 else model for model, name in short.items()}
