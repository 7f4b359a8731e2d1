"""Which weights learn: all of them, the last layers, or low-rank updates of the linear layers (LoRA)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from idiolect.errors import MissingExtra, ModelError
from idiolect.runtimes.adapter import Update

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_LAST_LAYERS = 2
_TRAINED = "trained.safetensors"


@dataclass(frozen=True)
class Recipe:
    """What an adapter is trained with: `passes` over the examples for each of `train.epochs`."""

    learning_rate: float
    passes: int = 1


RECIPES: Mapping[str, Recipe] = {
    "full": Recipe(2e-5),
    "last-layers": Recipe(2e-5),
    "lora": Recipe(2e-4),
    "linear": Recipe(3e-4, passes=3),
}


def adapt(model: "SentenceTransformer", adapter: str, lora_rank: int) -> None:
    """Freeze what `adapter` leaves out; what learns is float32, whatever the base is stored in.

    Raises ModelError where the base has no such layers, MissingExtra without peft.
    """
    if adapter == "lora":
        _add_low_rank(model, lora_rank)
        return
    model.float()
    if adapter == "last-layers":
        _freeze_all_but_last(model, _LAST_LAYERS)


def _freeze_all_but_last(model: "SentenceTransformer", layers: int) -> None:
    stacks: dict[str, torch.nn.ModuleList] = {}
    for name, module in model.named_modules():
        nested = any(name.startswith(f"{outer}.") for outer in stacks)  # experts, or the parts of a layer
        if isinstance(module, torch.nn.ModuleList) and not nested:
            stacks[name] = module
    if not stacks:
        raise ModelError("this base has no stack of layers: set train.adapter to 'full' or 'linear'")
    deepest = max(stacks.values(), key=len)
    model.requires_grad_(False)
    for layer in list(deepest)[-layers:]:
        layer.requires_grad_(True)


def _add_low_rank(model: "SentenceTransformer", rank: int) -> None:
    """Updates of every linear layer of the transformer, float32, beside weights that stay as they are stored.

    They are scaled by 2, as E5-Mistral's (arXiv 2401.00368), and begin as zero.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError:
        raise MissingExtra("peft", "train") from None
    transformer = getattr(model[0], "auto_model", None)
    if transformer is None:
        raise ModelError("this base has no transformer: set train.adapter to 'full' or 'linear'")
    model.requires_grad_(False)
    settings = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear")
    inject_adapter_in_model(settings, transformer)
    for parameter in learning(model).values():
        parameter.data = parameter.data.float()


def learning(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Name → weight of all that learns."""
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def merged_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The state that `model` would have without adapters, low-rank updates added to what they update; on the CPU."""
    updated = {name: module for name, module in model.named_modules() if hasattr(module, "get_delta_weight")}
    weights = {}
    for name, value in model.state_dict().items():
        layer, _, kind = name.rpartition(".base_layer.")
        if layer in updated and kind == "weight":
            weights[f"{layer}.weight"] = (value.float() + _delta(updated[layer])).cpu()
        elif ".lora_" not in name:
            weights[name.replace(".base_layer.", ".")] = value.cpu()
    return weights


def low_rank_updates(model: "SentenceTransformer") -> dict[str, Update]:
    """Layer of the transformer → the low-rank update that it has learnt."""
    transformer = model[0].auto_model
    return {
        name: Update(
            _factor(module.lora_A["default"].weight.T),
            _factor(module.lora_B["default"].weight.T * module.scaling["default"]),
        )
        for name, module in transformer.named_modules()
        if hasattr(module, "get_delta_weight")
    }


def _factor(weights: torch.Tensor) -> np.ndarray:
    factor: np.ndarray = weights.detach().float().cpu().numpy().copy()
    return factor


def _delta(module: Any) -> torch.Tensor:
    update: torch.Tensor = module.get_delta_weight("default").detach()
    return update


def save_learning(model: torch.nn.Module, folder: Path) -> None:
    """A checkpoint of what learns; the rest is the base's."""
    weights = {name: value.detach().contiguous() for name, value in learning(model).items()}
    save_file(weights, folder / _TRAINED)


def load_learning(model: torch.nn.Module, folder: Path) -> None:
    """Give `model`, prepared by the same adapter, what `save_learning` has written."""
    weights = load_file(folder / _TRAINED)
    with torch.no_grad():
        for name, value in learning(model).items():
            value.copy_(weights[name])
