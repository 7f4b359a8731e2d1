"""What a base model weighs, read from its directory without loading it."""

from typing import Any

from idiolect.files import read_json
from idiolect.records import Record
from idiolect.runtimes.model_files import WEIGHTS, ModelFiles

MB = 1e6

_BYTES = {"float16": 2, "bfloat16": 2}
"""Of one weight as it is stored, where that is not float32."""


class ModelSize(Record, frozen=True, kw_only=True):
    """A transformer's shape; `inner` is the width of its feed-forward layers.

    `weights_mb` is the size of its weight files, `float32_mb` what those weights take as float32.
    """

    layers: int
    hidden: int
    inner: int
    heads: int
    dimension: int
    weights_mb: float
    float32_mb: float


def model_size(files: ModelFiles) -> ModelSize:
    """The sizes in the transformer's config.json under the names that families of models use."""
    modules: Any = read_json(files.path / "modules.json")
    settings: dict[str, Any] = read_json(files.path / modules[0].get("path", "") / "config.json")
    settings = {**settings, **settings.get("text_config", {})}
    weights = {
        path.resolve()
        for pattern in WEIGHTS
        for path in files.path.rglob(pattern)
        if not any(part in ("onnx", "openvino") for part in path.parts)
    }
    stored = sum(path.stat().st_size for path in weights) / MB
    hidden = _first(settings, files.dimension, "hidden_size", "dim", "d_model")
    return ModelSize(
        layers=_first(settings, 12, "num_hidden_layers", "n_layers", "num_layers"),
        hidden=hidden,
        inner=_first(settings, 4 * hidden, "intermediate_size", "hidden_dim", "d_ff", "n_inner"),
        heads=_first(settings, 12, "num_attention_heads", "n_heads", "num_heads"),
        dimension=files.dimension,
        weights_mb=stored,
        float32_mb=stored * 4 / _BYTES.get(settings.get("dtype") or settings.get("torch_dtype") or "", 4),
    )


def _first(settings: dict[str, Any], otherwise: int, *names: str) -> int:
    return next((int(settings[name]) for name in names if settings.get(name)), otherwise)
