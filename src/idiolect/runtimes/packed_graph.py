"""A BERT or RoBERTa as an OpenVINO graph that takes several texts in a row (`packing`)."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idiolect.runtimes.graph import Form, convert_openvino, trace, traceable
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.packing import INPUTS

FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")
"""Those whose attention and positions depend on what they are given, and on nothing else in the row."""

POOLINGS = ("mean", "cls", "lasttoken")

ELSEWHERE = -1e4
"""Added to the scores of another text's tokens: nothing is left of them, and no bfloat16 overflows."""


def export_openvino(files: ModelFiles, target: Path, plain: Callable[[], Path]) -> None:
    """Write the model as OpenVINO's graph, over packed rows where its kind allows it, else from the ONNX file that
    `plain` gives.  Raises what `export_onnx` and `convert_openvino` raise.
    """
    if not export_packed(files, target):
        convert_openvino(plain(), target)


def export_packed(files: ModelFiles, target: Path) -> bool:
    """Write the model in `files.path` as an OpenVINO graph over packed rows: `target` (.xml), its weights beside it.

    The output is `sentence_embedding`, float32 [rows x places, dimension].  False, and nothing written, where the
    model's kind does not allow it.  Raises what `export_onnx` and `convert_openvino` raise.
    """
    model = traceable(files)
    if not packable(model):
        return False
    form = packed(model)
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder) / "packed.onnx"
        trace(form, form.axes, files, onnx)
        convert_openvino(onnx, target)
    return True


def packed(model: Any) -> Form:
    """A packable model over packed rows."""
    import torch

    rows, width, places = (torch.export.Dim(name) for name in ("rows", "width", "places"))
    row_shape = {0: rows, 1: width}
    return Form(_packed(model), INPUTS, _example(), (row_shape, row_shape, row_shape, {0: places}))


def packable(model: Any) -> bool:
    """Whether a sentence-transformers model can take several texts in a row."""
    transformer, pooling, *others = list(model)
    config = getattr(getattr(transformer, "auto_model", None), "config", None)
    return (
        getattr(config, "model_type", "") in FAMILIES
        and not getattr(config, "is_decoder", False)
        and type(pooling).__name__ == "Pooling"
        and pooling.pooling_mode in POOLINGS
        and all(_takes_vectors(module) for module in others)
    )


def _takes_vectors(module: Any) -> bool:
    """Whether a module after pooling sees nothing but each text's vector."""
    kind, read = type(module).__name__, getattr(module, "module_input_name", "sentence_embedding")
    return kind == "Normalize" or (kind == "Dense" and read == "sentence_embedding")


def _packed(model: Any) -> Any:
    import torch

    transformer, pooling, *others = list(model)
    inner = transformer.auto_model
    before = getattr(inner.embeddings.position_embeddings, "padding_idx", None)
    first = 0 if before is None else before + 1

    class Packed(torch.nn.Module):  # type: ignore[misc]
        """Rows of texts in, unit-length vectors out."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = inner
            self.others = torch.nn.ModuleList(others)

        def forward(self, ids: Any, positions: Any, texts: Any, numbers: Any) -> Any:
            same = texts[:, None, :, None] == texts[:, None, None, :]
            hidden = self.inner(
                input_ids=ids,
                attention_mask=torch.where(same, 0.0, ELSEWHERE),
                position_ids=positions + first,
                token_type_ids=torch.zeros_like(ids),
            ).last_hidden_state
            pooled = _pooled(hidden, positions, texts[:, None] == numbers[:, None], pooling.pooling_mode)
            features = {"sentence_embedding": pooled.flatten(0, 1)}
            for module in self.others:
                features = module(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    return Packed().eval()


def _pooled(hidden: Any, positions: Any, members: Any, mode: str) -> Any:
    """Vectors [rows, places, d] of token vectors [rows, width, d]; `members` [rows, places, width]: whose they are."""
    if mode == "cls":
        members = members & (positions == 0)[:, None]
    elif mode == "lasttoken":
        last = (members * positions[:, None]).amax(-1, keepdim=True)
        members = members & (positions[:, None] == last)
    weights = members.to(hidden.dtype)
    return weights @ hidden / weights.sum(-1, keepdim=True).clamp(min=1.0)


def _example() -> tuple[Any, ...]:
    """Two rows of seven tokens with room for three texts: sizes above 1, so that no axis is taken for a constant."""
    import torch

    texts = torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 2, 2, 3, 0, 0]])
    positions = torch.tensor([[0, 1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 0, 0]])
    return torch.ones_like(texts), positions, texts, torch.arange(1, 4)
