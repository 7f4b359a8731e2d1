"""A linear map of another encoder's vectors, and what a model directory says of one."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from idiolect.errors import MissingExtra, ModelError
from idiolect.files import read_json, write_json
from idiolect.runtimes.base import Kind, OnBatch, TextEncoder, Vectors
from idiolect.runtimes.encoder import unit
from idiolect.runtimes.layout import LINEAR, WEIGHTS, is_bundle
from idiolect.runtimes.model_files import ModelFiles

_TENSOR = "linear.weight"  # sentence-transformers' name in the weights of its Dense module
_FILE = "model.safetensors"
_FURTHER = "map.safetensors"


class LinearMap(msgspec.Struct, frozen=True, kw_only=True):
    """linear.json. `base` is the digest of the model whose vectors are mapped, `weights` the file of the map [d, d].

    `endpoint` is the address (URL#MODEL) of a base that runs elsewhere, "" where the directory holds it.
    """

    base: str
    dimension: int
    weights: str = _FILE
    endpoint: str = ""


class MappedEncoder:
    """Another encoder's vectors, mapped and made unit length again."""

    def __init__(self, files: ModelFiles, base: TextEncoder, matrix: np.ndarray) -> None:
        """`matrix` [dimension, base's dimension] is applied from the left."""
        self.name, self.files, self.base, self.matrix = base.name, files, base, matrix

    def encode(self, texts: Sequence[str], kind: Kind, on_batch: OnBatch | None = None) -> Vectors:
        return unit(self.base.encode(texts, kind, on_batch) @ self.matrix.T)


def read_map(directory: Path) -> LinearMap | None:
    """What linear.json says; None where the model is no map of another's vectors."""
    path = directory / LINEAR
    return msgspec.convert(read_json(path), LinearMap) if path.is_file() else None


def endpoint_of(path: Path) -> str:
    """The address of the endpoint whose vectors a bundle or a model directory maps; "" where it runs by itself."""
    found = read_map(path / WEIGHTS if is_bundle(path) else path)
    return found.endpoint if found is not None else ""


def matrix_in(directory: Path) -> np.ndarray:
    """The map [d, d], float32, of a directory that is one. Raises ModelError where its file does not hold it,
    MissingExtra without safetensors.
    """
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ModuleNotFoundError:
        raise MissingExtra("safetensors", "train") from None
    found = read_map(directory)
    path = directory / (found.weights if found is not None else _FILE)
    try:
        matrix: np.ndarray = load_file(path)[_TENSOR]
    except (OSError, KeyError, SafetensorError) as error:
        raise ModelError(f"{path} holds no linear map ({error}): train again") from None
    return matrix.astype(np.float32)


def write_map(directory: Path, digest: str, dimension: int, weights: str) -> None:
    """Say in a model directory that it is a map, in the file `weights`, of the vectors of the base with `digest`."""
    write_json(directory / LINEAR, LinearMap(base=digest, dimension=dimension, weights=weights))


def write_further_map(directory: Path, digest: str, matrix: np.ndarray) -> None:
    """The same of a base that is a map itself: the model's weights hold both maps as one, so that this one is kept
    apart from them.
    """
    _save(matrix, directory / _FURTHER)
    write_map(directory, digest, len(matrix), _FURTHER)


def write_endpoint_map(directory: Path, address: str, digest: str, matrix: np.ndarray) -> None:
    """A model directory of the map alone: its base is asked at `address`."""
    directory.mkdir(parents=True, exist_ok=True)
    _save(matrix, directory / _FILE)
    write_json(directory / LINEAR, LinearMap(base=digest, dimension=len(matrix), endpoint=address))


def _save(matrix: np.ndarray, path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({_TENSOR: np.ascontiguousarray(matrix, np.float32)}, path)
