"""A bundle's graphs: made, held against torch, and kept or left out."""

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np

from idiolect.bundle import LeftOut, Parity, TensorRt
from idiolect.config import Export
from idiolect.errors import BundleError, MissingExtra, ModelError
from idiolect.files import write_json
from idiolect.progress import Progress
from idiolect.runtimes.adapter import Adaptable
from idiolect.runtimes.base import Runtime
from idiolect.runtimes.golden import golden
from idiolect.runtimes.graph import convert_openvino, export_onnx
from idiolect.runtimes.halves import halve
from idiolect.runtimes.layout import EXACT, GOLDEN, GRAPHS, NIM, PLAN_SOURCE, WEIGHTS
from idiolect.runtimes.model_files import ModelFiles, describe
from idiolect.runtimes.nim import write_nim
from idiolect.runtimes.onnx import OnnxRuntime
from idiolect.runtimes.opening import open_graph
from idiolect.runtimes.packed_graph import export_openvino
from idiolect.runtimes.quantisation import quantise
from idiolect.runtimes.tensorrt import build_plan, profile_of, trtexec_line
from idiolect.runtimes.tokens import pad
from idiolect.stages.adaptable import adaptable_in, add_adaptable, sizes
from idiolect.stages.parity import Sample, compare

EXACT_COSINE = 0.99
"""The least of any text's vector to torch's in float32; bfloat16, which OpenVINO takes by itself, stays above .999."""

EXACT_DIFFERENCE = 0.01
"""Between a float32 graph's nDCG@10 and torch's, absolute."""

LEAST_COSINE = 0.995
"""As EXACT_COSINE, of a variant."""

LARGEST_LOSS = 0.005
"""Of a variant's nDCG@10, relative to torch's."""

LEAST_ALONE = 0.999
"""Of a text's vector alone to that among others; in int8, a sum in another order may round to the next step."""

CALIBRATED_COSINE = 0.997
"""What the choice of int8 products goes for, on chunks that gave no range: some way above LEAST_COSINE."""


@dataclass
class Graphs:
    """What a bundle got, by format."""

    parity: dict[str, Parity] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    tensorrt: TensorRt | None = None
    adaptable: Adaptable | None = None


def add_graphs(draft: Path, settings: Export, texts: Sample, base: ModelFiles, progress: Progress) -> Graphs:
    """Add graphs to a new bundle's folder, each compared with torch in float32, and golden vectors.

    `base` is what the model in the folder was trained from, or that itself.

    Raises BundleError where a graph in float32 differs; a variant that falls short, or cannot be made,
    is left out with the reason.
    """
    files, formats = describe(draft / WEIGHTS), settings.formats
    maker = _Maker(draft, files, texts, base)
    progress.start("export graphs and compare them with torch", len(formats) + 1, "graphs")
    torch = open_graph(draft, files, "torch", "float32")
    expected = texts.encoded(torch)
    progress.advance(detail="torch")
    write_json(draft / GOLDEN, golden(torch))
    graphs = Graphs()
    for name in sorted(formats, key=lambda name: name not in EXACT):
        try:
            maker.make(name)
            parity = compare(maker.opened(name), texts, expected)
        except (MissingExtra, ModelError, BundleError) as error:
            if name in EXACT:
                raise
            graphs.left_out[name] = LeftOut(reason=str(error))
        else:
            _judge(graphs, name, maker.counted(name, parity))
        if name in graphs.left_out:
            progress.note(f"{name} is left out: {graphs.left_out[name].reason}")
        progress.advance(detail=f"{name} cosine {parity.cosine_min:.5f}" if name in graphs.parity else name)
    if "tensorrt" in graphs.parity:
        graphs.tensorrt = maker.plan
        if not maker.plan.built:
            progress.note(f"tensorrt is not installed here: in BUNDLE/tensorrt, run {maker.plan.command}")
    if "openvino-adapter" in graphs.parity:
        graphs.adaptable = adaptable_in(draft, files, base)
        progress.note(f"openvino-adapter is {sizes(graphs.adaptable)}")
    if settings.nim:
        write_nim(files, maker.make("onnx"), draft / NIM)
    for unwanted in GRAPHS.keys() - graphs.parity.keys():
        maker.remove(unwanted)
    progress.finish()
    return graphs


def _judge(graphs: Graphs, name: str, parity: Parity) -> None:
    fault = _exact_fault(parity) if name in EXACT else variant_fault(parity)
    if fault and name in EXACT:
        raise BundleError(
            f"the {name} graph ({parity.precision}) {fault}; leave {name!r} out of export.formats"
        )
    if fault:
        graphs.left_out[name] = LeftOut(reason=fault, parity=parity)
    else:
        graphs.parity[name] = parity


def _exact_fault(parity: Parity) -> str:
    """Why a graph in float32 is wrong; empty where it is not."""
    if not parity.cosine_min >= EXACT_COSINE:
        return f"differs from the model: cosine {parity.cosine_min:.4f} is below {EXACT_COSINE}"
    metric, reference = parity.metric, parity.reference
    if metric is None or reference is None or abs(metric - reference) <= EXACT_DIFFERENCE:
        return ""
    return f"ranks otherwise than the model: nDCG@10 {metric:.4f} against {reference:.4f}"


def variant_fault(parity: Parity) -> str:
    """Why a variant is not to be shipped; empty where it is."""
    if not parity.cosine_min >= LEAST_COSINE:
        return f"cosine {parity.cosine_min:.4f} to the model in float32 is below {LEAST_COSINE}"
    if not parity.alone >= LEAST_ALONE:
        return f"vectors depend on their batch: cosine {parity.alone:.4f} is below {LEAST_ALONE}"
    metric, reference = parity.metric, parity.reference
    if metric is None or reference is None or reference - metric <= LARGEST_LOSS * reference:
        return ""
    return f"nDCG@10 {metric:.4f} is more than {LARGEST_LOSS:.1%} below the model's {reference:.4f}"


class _Maker:
    """Writes graphs into a bundle's folder, those first that others are made of."""

    def __init__(self, root: Path, files: ModelFiles, texts: Sample, base: ModelFiles) -> None:
        self._root = root
        self._files = files
        self._base = base
        self._texts = texts
        self._in_float = (0, 0)
        self.plan: TensorRt

    def make(self, name: str) -> Path:
        """The path of the graph `name`, written where it is not there yet."""
        target = self._path(name)
        if target.is_file():
            return target
        if name == "onnx":
            export_onnx(self._files, target)
        elif name == "openvino":
            export_openvino(self._files, target, lambda: self.make("onnx"))
        elif name == "openvino-adapter":
            add_adaptable(self._files, self._base, target)
        elif name == "onnx-fp16":
            halve(self.make("onnx"), target)
        elif name == "tensorrt":
            self._build(self._root / PLAN_SOURCE, target)
        elif name == "onnx-int8":
            self._quantise(self.make("onnx"), target)
        else:
            convert_openvino(self.make("onnx-int8"), target)
        return target

    def opened(self, name: str) -> Runtime:
        """To compare; where there is no plan to run, its source stands for it."""
        if name == "tensorrt" and not self.plan.built:
            return OnnxRuntime(self._files, self._root / PLAN_SOURCE, "float16")
        return open_graph(self._root, self._files, name)

    def counted(self, name: str, parity: Parity) -> Parity:
        """`parity` with how many of its products an int8 graph computes in float."""
        if not name.endswith("int8"):
            return parity
        in_float, products = self._in_float
        return msgspec.structs.replace(parity, in_float=in_float, products=products)

    def remove(self, name: str) -> None:
        """Delete a graph that others were made of, or that fell short, with its weights."""
        path = self._path(name)
        for file in path.parent.glob(f"{path.stem}.*"):
            file.unlink()
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def _path(self, name: str) -> Path:
        return self._root / GRAPHS[name]

    def _build(self, source: Path, target: Path) -> None:
        halve(self.make("onnx"), source)
        exact = OnnxRuntime(self._files, source, "float16")
        texts = [*self._texts.chunks, *self._texts.calibration]
        lengths = [len(ids) for ids in exact.tokens(texts, "passage")]
        profile = profile_of(lengths, self._files.max_tokens)
        built = find_spec("tensorrt") is not None
        if built:
            build_plan(source, target, profile)
        line = trtexec_line(source.name, target.name, exact.inputs, profile)
        self.plan = TensorRt(profile=profile, command=line, built=built)

    def _quantise(self, graph: Path, target: Path) -> None:
        """The ranges come from three quarters of the calibration chunks, the judgement from the others."""
        exact = OnnxRuntime(self._files, graph)
        chunks = self._texts.calibration
        judged = chunks[::4]
        calibrating = [chunk for row, chunk in enumerate(chunks) if row % 4] or chunks
        expected = exact.encode(judged, "passage")

        def good(path: Path) -> bool:
            vectors = OnnxRuntime(self._files, path, "int8").encode(judged, "passage")
            return bool(np.sum(vectors * expected, axis=1).min() >= CALIBRATED_COSINE)

        padding = exact.tokenizer.padding
        feeds = [exact.feed(*pad([ids], padding)) for ids in exact.tokens(calibrating, "passage")]
        if not feeds:
            raise ModelError("there are no chunks to calibrate int8 with")
        self._in_float = quantise(graph, target, feeds, good)
