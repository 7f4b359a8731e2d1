"""A cross-encoder of sentence-transformers: query and passage read together, one score out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from idiolect.errors import MissingExtra, ModelError
from idiolect.files import read_json
from idiolect.runtimes.model_files import located, weights_digest
from idiolect.runtimes.quiet import quiet
from idiolect.runtimes.torch import has_bfloat16

_HEADS = ("ForSequenceClassification", "ForCausalLM")
_BATCH = 32

SETTING = "train.cross_encoder"


def resolve_cross_encoder(name: str, setting: str = SETTING) -> Path:
    """The directory of a cross-encoder by its path or hub name. Raises ModelError where it is none, or not there."""
    path = located(name, setting)
    facts = {
        file: read_json(path / file) if (path / file).is_file() else {}
        for file in ("config.json", "config_sentence_transformers.json")
    }
    architectures = facts["config.json"].get("architectures") or []
    kind = facts["config_sentence_transformers.json"].get("model_type")
    if kind != "CrossEncoder" and not any(one.endswith(_HEADS) for one in architectures):
        raise ModelError(f"{setting} {name} is no cross-encoder: it scores no pairs of texts")
    return path


def cross_encoder_digest(name: str) -> str:
    """Identifies its weights and settings. Raises ModelError as `resolve_cross_encoder`."""
    return weights_digest(resolve_cross_encoder(name))


class CrossEncoder:
    """Loaded to score; bfloat16 where the hardware computes in it."""

    def __init__(self, name: str, setting: str = SETTING) -> None:
        """`setting` is what named it, for errors.

        Raises ModelError where it cannot be loaded or gives several scores, MissingExtra without torch.
        """
        try:
            import sentence_transformers
            import torch
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "torch", "train") from None
        path = resolve_cross_encoder(name, setting)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            with quiet("transformers", "sentence_transformers"):
                self.model = sentence_transformers.CrossEncoder(
                    str(path), device=device, local_files_only=True
                )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{setting} {name} cannot be loaded ({reason})") from None
        if self.model.num_labels != 1:
            raise ModelError(f"{setting} {name} gives {self.model.num_labels} scores a pair: one is needed")
        self.digest = weights_digest(path)
        self.device = device

    def scores(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """float32 [pairs] of (query, passage): raw logits, higher is better."""
        import torch

        with torch.autocast(self.device, torch.bfloat16, enabled=has_bfloat16(self.device)):
            logits = self.model.predict(
                [list(pair) for pair in pairs],
                batch_size=_BATCH,
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
            )
        return np.asarray(logits, np.float32)
