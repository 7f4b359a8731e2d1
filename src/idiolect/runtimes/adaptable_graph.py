"""A model as an OpenVINO graph whose linear layers take low-rank updates as inputs: one for all that adapt it."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from idiolect.errors import ModelError
from idiolect.runtimes.adapter import DOWN, UP
from idiolect.runtimes.graph import Form, padded, trace, traceable
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.openvino import first_line, library
from idiolect.runtimes.packed_graph import packable, packed

ROOT = ["idiolect", "root"]
"""Where the graph tells the digest of the model whose weights it holds."""


def export_adaptable(files: ModelFiles, target: Path) -> None:
    """Write the model in `files.path`, over packed rows where its kind allows it: `target` (.xml), weights beside it.

    A layer's update are two inputs more, float32 [inputs, rank] and [rank, outputs]; the rank is free, and the same
    in all layers. The same packages write the same files, byte for byte. Raises what `traceable` and `trace` raise,
    ModelError where the model has no linear layers.
    """
    openvino = library()
    model = traceable(files)
    form = _adaptable(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder) / "adaptable.onnx"
        trace(form, (form.axes,), files, onnx)
        graph = openvino.Core().read_model(onnx)
        graph.set_rt_info(files.digest, ROOT)
        for number, operation in enumerate(graph.get_ordered_ops()):
            if (
                operation.get_type_name() != "Parameter"
            ):  # others are counted over all that a process has read
                operation.set_friendly_name(f"{operation.get_type_name()}_{number}")
        openvino.save_model(graph, target, compress_to_fp16=False)


def root_of(graph: Path) -> str:
    """The digest of the model whose weights a graph of `export_adaptable` holds. Raises MissingExtra, ModelError."""
    try:
        model = library().Core().read_model(graph)
    except RuntimeError as error:
        raise ModelError(f"{graph} cannot be read by OpenVINO ({first_line(error)})") from None
    return told_root(model)


def told_root(model: Any) -> str:
    """The same of a graph that OpenVINO has read; "" where it tells none."""
    return str(model.get_rt_info(ROOT).astype(str)) if model.has_rt_info(ROOT) else ""


@dataclass
class _Given:
    """What the layers are given while the graph is traced; no module, so that the tracer looks through it."""

    updates: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def _adaptable(model: Any) -> Form:
    """The model's form with the inputs of its layers' updates after its own."""
    import torch

    given = _Given()
    layers = _wrapped(model, given)
    plain = packed(model) if packable(model) else padded(model)
    used = _used(plain, layers)
    if not used:
        raise ModelError("this base has no linear layers that an adapter could update")
    rank = torch.export.Dim("rank")
    names: list[str] = []
    example, axes = [], []
    for name in used:
        linear = layers[name].linear
        names += [name + DOWN, name + UP]
        example += [torch.zeros(linear.in_features, 3), torch.zeros(3, linear.out_features)]
        axes += [{1: rank}, {0: rank}]
    count = len(plain.inputs)

    class Adapted(torch.nn.Module):  # type: ignore[misc]
        """The plain form's inputs, then two for each layer."""

        def __init__(self) -> None:
            super().__init__()
            self.plain = plain.module

        def forward(self, *inputs: Any) -> Any:
            factors = inputs[count:]
            given.updates = dict(zip(used, zip(factors[::2], factors[1::2], strict=True), strict=True))
            return self.plain(*inputs[:count])

    return Form(Adapted().eval(), (*plain.inputs, *names), (*plain.example, *example), (*plain.axes, *axes))


def _wrapped(model: Any, given: _Given) -> dict[str, Any]:
    """Every linear layer of the transformer by name, now in a module that adds its update."""
    import torch

    class Layer(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, linear: Any, name: str) -> None:
            super().__init__()
            self.linear, self.name = linear, name

        def forward(self, given_in: Any) -> Any:
            out = self.linear(given_in)
            if self.name not in given.updates:
                return out
            down, up = given.updates[self.name]
            return out + (given_in @ down) @ up

    transformer = model[0].auto_model
    found = {name: part for name, part in transformer.named_modules() if isinstance(part, torch.nn.Linear)}
    layers = {name: Layer(linear, name) for name, linear in found.items()}
    for name, layer in layers.items():
        parent, _, attribute = name.rpartition(".")
        setattr(transformer.get_submodule(parent), attribute, layer)
    return layers


def _used(form: Form, layers: dict[str, Any]) -> list[str]:
    """The layers that the vectors depend on; a BERT's pooler, for one, is computed for nothing."""
    import torch

    with torch.enable_grad():
        for layer in layers.values():
            layer.linear.weight.requires_grad_(True)
        form.module(*form.example).sum().backward()
    return [name for name, layer in layers.items() if layer.linear.weight.grad is not None]
