"""PyTorch through sentence-transformers: bfloat16 autocast where the hardware computes in it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idiolect.errors import MissingExtra, ModelError
from idiolect.runtimes.base import Precision, Vectors
from idiolect.runtimes.encoder import Encoder
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.tokens import IntArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

GPU_BATCH_TOKENS = 131_072

_KERNELS = "64"
"""Kernels that oneDNN keeps, and torch above it: by default 1,024 each, of half a MB and more, one for every shape of
every product, and batches of texts hardly ever have the same shape twice.
"""

for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, _KERNELS)  # read at the first product


def load(path: Path, device: str | None = None) -> "SentenceTransformer":
    """A sentence-transformers directory on `device` (CUDA where there is one, else the CPU), to evaluate.

    Raises MissingExtra without torch, ModelError where the directory cannot be loaded.
    """
    try:
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "torch", "train") from None
    transformers.utils.logging.disable_progress_bar()
    if torch.get_num_threads() > available_cpus():
        torch.set_num_threads(available_cpus())
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return SentenceTransformer(
            str(path), device=device, local_files_only=True, model_kwargs={"dtype": stored_as(device)}
        ).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path} cannot be loaded by sentence-transformers ({reason})") from None


def stored_as(device: str) -> Any:
    """The type that weights are held in: float32 on a CPU, whose kernels do not mix halves, else the file's own."""
    import torch

    return "auto" if device.startswith("cuda") else torch.float32


def has_bfloat16(device: str) -> bool:
    """Whether `device` ("cpu", "cuda", ...) multiplies bfloat16 matrices in hardware."""
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities: dict[str, Any] = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def free_gpu_memory() -> int | None:
    """Bytes that the GPU which torch would take has free; None where it finds none."""
    import torch

    return int(torch.cuda.mem_get_info()[0]) if torch.cuda.is_available() else None


class TorchRuntime(Encoder):
    """Runs a sentence-transformers model, from its directory or already loaded (as in training)."""

    name = "torch"

    def __init__(
        self, files: ModelFiles, model: "SentenceTransformer | None" = None, precision: Precision = "auto"
    ) -> None:
        """`files` gives tokenizer, prompts and length, and the weights where no `model` is given."""
        super().__init__(files)
        self.model = load(files.path) if model is None else model
        self.device = str(self.model.device)
        self.precision = "bfloat16" if precision == "auto" and has_bfloat16(self.device) else "float32"
        if model is None and self.precision == "float32":
            self.model.float()
        if self.device.startswith("cuda"):
            self.max_batch_tokens = GPU_BATCH_TOKENS

    @contextlib.contextmanager
    def _ready(self) -> Iterator[None]:
        import torch

        training = self.model.training
        self.model.eval()
        try:
            with (
                _sdpa(self.model),
                torch.inference_mode(),
                torch.autocast(
                    self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.precision == "bfloat16"
                ),
            ):
                yield
        finally:
            self.model.train(training)

    def forward(self, ids: IntArray, mask: IntArray) -> Vectors:
        import torch

        features = features_of(torch.from_numpy(ids), torch.from_numpy(mask), self.device)
        vectors: Vectors = self.model(features)["sentence_embedding"].float().cpu().numpy()
        return vectors


@contextlib.contextmanager
def _sdpa(model: Any) -> Iterator[None]:
    """Encode with fused attention, 1.4 to 1.7 times as fast on passages, where training uses eager."""
    transformer = getattr(model[0], "auto_model", None)
    trained_with = getattr(getattr(transformer, "config", None), "_attn_implementation", None)
    if transformer is None or trained_with != "eager" or not getattr(transformer, "_supports_sdpa", False):
        yield
        return
    transformer.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        transformer.set_attn_implementation("eager")


def features_of(ids: Any, mask: Any, device: str) -> dict[str, Any]:
    """What a sentence-transformers model's forward pass takes, from id and mask tensors [texts, length]."""
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
