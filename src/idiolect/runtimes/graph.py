"""A sentence-transformers model as one graph, pooling and normalisation fused: ONNX and OpenVINO."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.errors import MissingExtra, ModelError
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.openvino import library
from idiolect.runtimes.quiet import quiet

OPSET = 18
"""The ONNX operator set of exported graphs."""

OUTPUT = "sentence_embedding"
"""Not "embedding": an output named like an inner value makes an invalid graph."""


@dataclass(frozen=True)
class Form:
    """A torch module to trace: its inputs' names, examples of them, and their free axes."""

    module: Any
    inputs: tuple[str, ...]
    example: tuple[Any, ...]
    axes: tuple[Any, ...]


def export_onnx(files: ModelFiles, target: Path) -> None:
    """Write the model in `files.path` as one float32 ONNX file with free batch and sequence axes.

    Inputs are int64 [batch, sequence]: `input_ids`, `attention_mask`, and `token_type_ids` where
    the model has segments; the output is `sentence_embedding`, float32 [batch, dimension].

    Raises MissingExtra without torch or onnxscript, ModelError where the model cannot be traced.
    """
    form = padded(traceable(files))
    trace(form, (form.axes,), files, target)


def padded(model: Any) -> Form:
    """A traceable model over padded batches."""
    import torch

    names: tuple[str, ...] = ("input_ids", "attention_mask")
    if getattr(model[0].auto_model.config, "type_vocab_size", 0) > 0:
        names = (*names, "token_type_ids")
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
    return Form(_fused(model, names), names, _example(names), (axes,) * len(names))


def traceable(files: ModelFiles) -> Any:
    """The model in `files.path`, in float32 on the CPU, as `trace` takes it.

    Raises MissingExtra without torch or onnxscript, ModelError where it cannot be a graph.
    """
    import importlib

    for package in ("torch", "onnx", "onnxscript"):
        try:
            importlib.import_module(package)
        except ModuleNotFoundError:
            raise MissingExtra(package, "train") from None
    from idiolect.runtimes.torch import load

    model = load(files.path, device="cpu").float()
    _refuse_prompt_pooling(model, files)
    _spell_attention_out(model)
    return model


def trace(form: Form, axes: Any, files: ModelFiles, target: Path) -> None:
    """Write a form as an ONNX file; `axes` are its own, shaped as the arguments of its module's `forward`.

    Raises ModelError where it cannot be.
    """
    import torch

    target.parent.mkdir(parents=True, exist_ok=True)
    with quiet("torch.onnx"), torch.no_grad():
        try:
            program = torch.onnx.export(
                form.module,
                form.example,
                dynamo=True,
                verbose=False,
                opset_version=OPSET,
                input_names=list(form.inputs),
                output_names=[OUTPUT],
                dynamic_shapes=axes,
            )
        except Exception as error:  # whatever the tracer meets in a model's own code
            cause = error.__cause__ or error
            reason = (str(cause).splitlines() or [type(cause).__name__])[0]
            raise ModelError(f"{files.path} cannot be exported to ONNX ({reason})") from error
        _anonymise(program.model)
        program.save(str(target))


def convert_openvino(onnx: Path, target: Path) -> None:
    """Write an ONNX file as OpenVINO's, in float32: `target` (.xml) and the weights beside it (.bin).

    Raises MissingExtra without openvino.
    """
    openvino = library()
    target.parent.mkdir(parents=True, exist_ok=True)
    openvino.save_model(openvino.Core().read_model(onnx), target, compress_to_fp16=False)


def _fused(model: Any, names: tuple[str, ...]) -> Any:
    import torch

    class Fused(torch.nn.Module):  # type: ignore[misc]
        """Positional tensors in, unit-length vectors out."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            vectors = self.model(dict(zip(names, inputs, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=-1)

    return Fused().eval()


def _spell_attention_out(model: Any) -> None:
    """Plain products and a softmax, which runtimes fuse again.

    Torch's fused attention is traced with guards against rows without a token, which keep OpenVINO from that.
    """
    transformer = getattr(model[0], "auto_model", None)
    if transformer is not None:
        transformer.set_attn_implementation("eager")


def _example(names: tuple[str, ...]) -> tuple[Any, ...]:
    """Two texts of 7 and 5 tokens: sizes above 1, so that no axis is taken for a constant."""
    import torch

    ids = torch.ones((2, 7), dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    return (ids, mask, torch.zeros_like(ids))[: len(names)]


def _refuse_prompt_pooling(model: Any, files: ModelFiles) -> None:
    """A model that leaves its prompt out of pooling cannot be one graph over ids and mask alone."""
    prompted = files.query_prompt or files.passage_prompt
    if prompted and any(getattr(module, "include_prompt", True) is False for module in model):
        raise ModelError(
            f"{files.path} leaves prompts out of its pooling, which no exported graph can: take another base"
        )


def _anonymise(model: Any) -> None:
    """Drop the tracer's notes: they hold source paths of this machine and double a small graph."""
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
