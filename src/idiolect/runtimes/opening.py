"""Which runtime loads a directory."""

from importlib.util import find_spec
from pathlib import Path

from idiolect.errors import BundleError, ModelError, UsageError
from idiolect.files import read_json
from idiolect.runtimes.base import Precision, Runtime, TextEncoder
from idiolect.runtimes.layout import GRAPHS, MANIFEST, PREFERENCE, WEIGHTS, is_bundle
from idiolect.runtimes.mapping import MappedEncoder, endpoint_of, matrix_in
from idiolect.runtimes.model_files import ModelFiles, describe

RUNTIMES = ("auto", *GRAPHS, "torch")

PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime", "torch": "sentence_transformers"}
"""By the first part of a runtime's name."""

PRECISIONS = {"fp16": "float16", "int8": "int8", "": "float32"}


def open_encoder(path: Path) -> TextEncoder:
    """A bundle or model directory to encode texts with: a runtime or, for a map of its vectors, an endpoint.

    Raises what `open_runtime` and `EndpointRuntime` raise.
    """
    endpoint = endpoint_of(path)
    if not endpoint:
        return open_runtime(path)
    from idiolect.runtimes.endpoint import EndpointRuntime

    files = described(path) if is_bundle(path) else describe(path)
    return MappedEncoder(files, EndpointRuntime(endpoint), matrix_in(files.path))


def open_runtime(path: Path, runtime: str = "auto", precision: Precision = "auto") -> Runtime:
    """The runtime for a bundle or a sentence-transformers directory.

    `auto` takes for a bundle the first of OpenVINO, ONNX Runtime and torch that it has a graph for
    and that is installed, the exact graph before int8; for a bare model directory torch.

    Raises UsageError for an unknown runtime, BundleError or ModelError where `path` does not hold
    what the runtime needs, MissingExtra where its package is missing.
    """
    if runtime not in RUNTIMES:
        raise UsageError(f"unknown runtime {runtime!r}: take one of {', '.join(RUNTIMES)}")
    if not path.is_dir():
        raise ModelError(f"{path} is no directory: give a bundle or a sentence-transformers directory")
    if endpoint := endpoint_of(path):
        raise ModelError(
            f"{path} maps the vectors of {endpoint} and cannot run without it: "
            "`idiolect score` and `idiolect search` ask the endpoint, a server cannot"
        )
    if is_bundle(path):
        return open_graph(path, described(path), runtime, precision)
    if runtime not in ("auto", "torch"):
        raise ModelError(
            f"{path} is no bundle and has no {runtime} graph: export one, or use the torch runtime"
        )
    from idiolect.runtimes.torch import TorchRuntime

    return TorchRuntime(describe(path), precision=precision)


def described(bundle: Path) -> ModelFiles:
    """The facts of a bundle's model, under the bundle's name."""
    return describe(bundle / WEIGHTS, name=str(read_json(bundle / MANIFEST).get("name", bundle.name)))


def open_graph(
    root: Path, files: ModelFiles, runtime: str = "auto", precision: Precision = "auto"
) -> Runtime:
    """The runtime over the graphs and weights in a bundle's folder, which need no manifest yet."""
    name = _preferred(root) if runtime == "auto" else runtime
    if name == "torch":
        from idiolect.runtimes.torch import TorchRuntime

        return TorchRuntime(files, precision=precision)
    graph = root / GRAPHS[name]
    if name == "tensorrt":
        return _tensorrt(root, files, graph)
    if not graph.is_file():
        raise BundleError(f"bundle {root} has no {name} graph: export again with {name!r} in export.formats")
    package, _, variant = name.partition("-")
    if variant == "adapter":
        from idiolect.runtimes.adapted import AdaptedRuntime
        from idiolect.runtimes.adapter import read_adapter

        return AdaptedRuntime(files, graph, read_adapter(files), precision)
    if package == "openvino":
        from idiolect.runtimes.openvino import OpenVinoRuntime

        return OpenVinoRuntime(files, graph, precision, int8=variant == "int8")
    from idiolect.runtimes.onnx import OnnxRuntime

    return OnnxRuntime(files, graph, PRECISIONS[variant])


def _tensorrt(root: Path, files: ModelFiles, plan: Path) -> Runtime:
    manifest = read_json(root / MANIFEST) if (root / MANIFEST).is_file() else {}
    told = manifest.get("tensorrt")
    if told and not plan.is_file():
        raise BundleError(f"bundle {root} has no TensorRT plan yet: in {plan.parent}, run {told['command']}")
    if not plan.is_file():
        raise BundleError(
            f"bundle {root} has no tensorrt graph: export again with 'tensorrt' in export.formats"
        )
    from idiolect.runtimes.tensorrt import TensorRtRuntime

    return TensorRtRuntime(files, plan)


def _preferred(root: Path) -> str:
    held = [name for name in PREFERENCE if name not in GRAPHS or (root / GRAPHS[name]).is_file()]
    installed = [name for name in held if find_spec(PACKAGES[name.partition("-")[0]]) is not None]
    return (installed or held)[0]
