"""The exported directory: what it holds, as data, and how it is written, checked and read.

manifest.json      what the bundle is, and the SHA-256 of every other file in it
README.md          its model card; bom.cdx.json its bill of materials
model/             the weights, a sentence-transformers directory, with the tokenizer
onnx/model.onnx    the same model as one graph, pooling and normalisation fused
onnx/model_fp16.onnx, model_int8.onnx
openvino/model.xml, model.bin, model_int8.xml, model_int8.bin
adapter/model.xml, model.bin    the graph of the model's root, which takes what adapts it as inputs; model/adapter/ does
tensorrt/model.onnx    what a plan is built of; nim/ a directory for NVIDIA's embedding NIM
golden.json        vectors of made-up sentences, to check that the model still gives them
calibration.json   what a search's scores are worth, where the run could measure it
compression.json   with what vectors become a byte or a bit a dimension
bundle.sig         who exported it, where it was signed
"""

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import msgspec

from idiolect import __version__
from idiolect.errors import BundleError, InputError, MissingExtra
from idiolect.evaluation.calibration import Calibration, read_calibration
from idiolect.files import digest_path, replacing, tree_digests, write_json
from idiolect.records import Fusion, Record
from idiolect.runtimes.adapter import Adaptable
from idiolect.runtimes.base import Runtime
from idiolect.runtimes.golden import least_cosine, read_golden
from idiolect.runtimes.layout import (
    ADDED,
    CALIBRATION,
    GRAPHS,
    MANIFEST,
    WEIGHTS,
    is_bundle,
)
from idiolect.runtimes.model_files import ModelFiles, describe
from idiolect.runtimes.opening import open_graph
from idiolect.runtimes.tensorrt import Profile

__all__ = [
    "Base",
    "Bundle",
    "BundledFile",
    "LeftOut",
    "Manifest",
    "Parity",
    "Prompts",
    "bundle_digest",
    "is_bundle",
    "listed",
    "write_bundle",
]

SCHEMA = 1

LEAST_GOLDEN = 0.99
"""Cosine of a golden vector on this machine, in its fastest precision, to torch's in float32 when exported."""

LEFT_OUT = (".*", "onnx", "openvino", "__pycache__", "*.h5", "*.ot", "*.msgpack", "checkpoint-*", "runs")
"""What a copied model directory does without: other frameworks' weights, older graphs, training state."""


class BundledFile(Record, frozen=True, kw_only=True):
    path: str
    sha256: str
    bytes: int


class Prompts(Record, frozen=True, kw_only=True):
    query: str
    passage: str


class Base(Record, frozen=True, kw_only=True):
    """The model that the weights are, or were tuned from."""

    name: str
    digest: str


class Parity(Record, frozen=True, kw_only=True):
    """One runtime held against torch in float32, on the same texts.

    `alone` is the least cosine of a text's vector in a batch of its own to that among others;
    `metric` and `reference` are this runtime's and torch's nDCG@10 over the same sample of the
    test set; None where there was none; `in_float` how many of the graph's `products` an int8 graph
    computes in float.
    """

    precision: str
    cosine_min: float
    cosine_mean: float
    texts: int
    alone: float = 1.0
    metric: float | None = None
    reference: float | None = None
    queries: int = 0
    in_float: int = 0
    products: int = 0


class LeftOut(Record, frozen=True, kw_only=True):
    """A graph that was asked for and is not in the bundle; `parity` where it could be made."""

    reason: str
    parity: Parity | None = None


class TensorRt(Record, frozen=True, kw_only=True):
    """The plan's shapes and the command that builds it beside its graph; `built`: the bundle holds one."""

    profile: Profile
    command: str
    built: bool


class Manifest(Record, frozen=True, kw_only=True):
    """manifest.json. `dimensions` are those a vector may be cut to, the model's own included."""

    schema: int = SCHEMA
    created_by: str = f"idiolect {__version__}"
    name: str
    weights: Literal["tuned", "base"]
    verdict: str
    base: Base
    model_digest: str
    dimension: int
    dimensions: list[int]
    max_tokens: int
    chunk_tokens: int
    overlap_tokens: int
    prompts: Prompts
    normalise: bool = True
    similarity: str = "cosine"
    fusion: Fusion
    opset: int | None = None
    parity: dict[str, Parity] = {}
    left_out: dict[str, LeftOut] = {}
    tensorrt: TensorRt | None = None
    adaptable: Adaptable | None = None
    files: list[BundledFile] = []


class Bundle:
    """A bundle on disk, its manifest read."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def load(cls, path: Path) -> "Bundle":
        """Read a bundle's manifest; `verify` checks the files. Raises BundleError where it is none."""
        if not path.is_dir():
            raise BundleError(f"bundle {path} is no directory: `idiolect export` makes one")
        try:
            raw: Any = msgspec.json.decode((path / MANIFEST).read_bytes())
            schema = raw.get("schema") if isinstance(raw, dict) else None
            if isinstance(schema, int) and schema > SCHEMA:
                raise BundleError(
                    f"bundle {path} has schema {schema}, this version reads {SCHEMA}: upgrade idiolect"
                )
            return cls(path, msgspec.convert(raw, Manifest))
        except FileNotFoundError:
            raise BundleError(f"{path} is no bundle: {MANIFEST} is missing") from None
        except msgspec.MsgspecError as error:
            raise BundleError(
                f"{path / MANIFEST} cannot be read ({error}): export the bundle again"
            ) from None

    @property
    def fusion(self) -> Fusion:
        return self.manifest.fusion

    @property
    def calibration(self) -> Calibration | None:
        """None where the bundle has none. Raises BundleError where its file cannot be read."""
        try:
            return read_calibration(self.path / CALIBRATION)
        except InputError as error:
            raise BundleError(str(error)) from None

    @property
    def files(self) -> ModelFiles:
        """The facts of the model inside, under the bundle's name."""
        return describe(self.path / WEIGHTS, name=self.manifest.name)

    def verify_vectors(self) -> dict[str, float]:
        """Runtime → the least cosine of its vectors of the golden texts to those kept, where it is installed.

        Needs no network.  Raises BundleError where a runtime's vectors are not those that were exported; an
        empty result says that the bundle keeps none, or that no runtime for it is installed.
        """
        cosines: dict[str, float] = {}
        if read_golden(self.path) is None:
            return cosines
        plan = (self.path / GRAPHS["tensorrt"]).is_file() and find_spec("tensorrt") is not None
        for name in (*self.manifest.parity, "torch"):
            if name == "tensorrt" and not plan:
                continue
            try:
                cosine = self.verify_runtime(open_graph(self.path, self.files, name))
            except MissingExtra:
                continue
            if cosine is not None:
                cosines[name] = cosine
        return cosines

    def verify_runtime(self, runtime: Runtime) -> float | None:
        """The least cosine of an opened runtime's vectors of the golden texts to those kept; None where none are.

        Raises BundleError where they are not those that were exported, or the tokenizer reads otherwise.
        """
        held = read_golden(self.path)
        if held is None:
            return None
        cosine = least_cosine(held, runtime)
        if not cosine >= LEAST_GOLDEN:
            raise BundleError(
                f"bundle {self.path}: {runtime.name} in {runtime.precision} does not give the vectors that "
                f"were exported (cosine {cosine:.4f}, below {LEAST_GOLDEN}): export it again, or take another --runtime"
            )
        return cosine

    def verify(self) -> None:
        """Raise BundleError naming the first file that is missing, altered or extra.

        What `layout.ADDED` lists may be extra.
        """
        listed = {file.path: file for file in self.manifest.files}
        for name, file in listed.items():
            path = self.path / name
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise BundleError(f"bundle {self.path}: the manifest lists {name!r}, outside the bundle")
            if not path.is_file():
                raise BundleError(f"bundle {self.path} is incomplete: {name} is missing; export it again")
            if path.stat().st_size != file.bytes or digest_path(path) != file.sha256:
                raise BundleError(f"bundle {self.path} was altered: {name} is not the file that was exported")
        extra = sorted(_names(self.path) - listed.keys() - {MANIFEST, *ADDED})
        if extra:
            raise BundleError(f"bundle {self.path} holds a file that was not exported: {extra[0]}; remove it")


def bundle_digest(bundle: Bundle) -> str:
    """What a bundle is known by: SHA-256 of its manifest.json, which holds that of every other file."""
    return digest_path(bundle.path / MANIFEST)


def write_bundle(
    path: Path, manifest: Manifest, model: Path, fill: Callable[[Path], dict[str, Any]]
) -> Bundle:
    """Write a bundle that appears whole or not at all; `path` keeps its earlier bundle on failure.

    `model` is copied in as the weights; `fill` is then given the new folder, adds the graphs and returns what the
    manifest says of them ("parity", "left_out", "tensorrt", "adaptable").  Its files are filled in here.
    """
    with replacing(path) as draft:
        shutil.copytree(
            model, draft / WEIGHTS, ignore=shutil.ignore_patterns(*LEFT_OUT), copy_function=shutil.copyfile
        )
        told = fill(draft)
        manifest = msgspec.structs.replace(manifest, **told, files=listed(draft))
        write_json(draft / MANIFEST, manifest)
    return Bundle(path, manifest)


def listed(root: Path) -> list[BundledFile]:
    """Every file under `root`, as a manifest lists it."""
    return [
        BundledFile(path=name, sha256=digest, bytes=(root / name).stat().st_size)
        for name, digest in tree_digests(root).items()
    ]


def _names(root: Path) -> set[str]:
    """Every file under `root`, hidden ones and links included."""
    return {
        (Path(folder) / name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    }
