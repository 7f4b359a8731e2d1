"""A linear map of frozen vectors: trained in seconds, and for bases whose weights nobody here has."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, InputModule, Normalize

from idiolect.runtimes.adapter import read_adapter, write_adapter
from idiolect.runtimes.base import Kind, TextEncoder
from idiolect.runtimes.mapping import (
    MappedEncoder,
    read_map,
    write_endpoint_map,
    write_further_map,
    write_map,
)
from idiolect.runtimes.torch import load


class TunedMap:
    """A map [d, d] of the base's vectors, queries' and passages' alike, that begins as the identity."""

    def __init__(self, base: TextEncoder, texts: Mapping[Kind, Iterable[str]], endpoint: str) -> None:
        """`texts` are all that is trained on; `endpoint` is the address of a base that runs elsewhere, else ""."""
        self.base, self.texts, self.endpoint = base, texts, endpoint
        self.matrix: np.ndarray = np.eye(base.files.dimension, dtype=np.float32)

    @cached_property
    def student(self) -> SentenceTransformer:
        known: dict[str, np.ndarray] = {}
        for kind, texts in self.texts.items():
            distinct = list(dict.fromkeys(texts))
            prompted = [self.base.files.prompt(kind) + text for text in distinct]
            known |= zip(prompted, self.base.encode(distinct, kind), strict=True)
        return SentenceTransformer(modules=[_Known(known), _dense(self.matrix)], device="cpu")

    @cached_property
    def _learnt(self) -> np.ndarray:
        matrix = self._learning()
        del self.student
        return matrix

    def _learning(self) -> np.ndarray:
        matrix: np.ndarray = self.student[1].linear.weight.detach().cpu().numpy().copy()
        return matrix

    def encoder(self) -> TextEncoder:
        return MappedEncoder(self.base.files, self.base, self._learning())

    def at(self, share: float) -> TextEncoder:
        identity = np.eye(len(self._learnt), dtype=np.float32)
        self.matrix = identity + np.float32(share) * (self._learnt - identity)
        return MappedEncoder(self.base.files, self.base, self.matrix)

    def save(self, folder: Path) -> None:
        """A sentence-transformers directory that maps and normalises after all that the base does, the map apart too;
        of an endpoint, the map alone.

        Of a base that ends with a map the two become one, as unit length is restored behind both: however often a
        model is refreshed, it has one map.
        """
        files = self.base.files
        if self.endpoint:
            write_endpoint_map(folder, self.endpoint, files.digest, self.matrix)
            return
        model = load(files.path, "cpu")
        further = read_map(files.path) is not None
        if further:
            model[-2] = _dense(self.matrix @ model[-2].linear.weight.detach().float().numpy())
        else:
            model.append(_dense(self.matrix)).append(Normalize())
        model.save(str(folder), create_model_card=False)
        write_adapter(folder, read_adapter(files).mapped(self.matrix))
        if further:
            write_further_map(folder, files.digest, self.matrix)
        else:
            write_map(folder, files.digest, len(self.matrix), f"{len(model) - 2}_Dense/model.safetensors")


def _dense(matrix: np.ndarray) -> Dense:
    weight = torch.from_numpy(matrix.copy())
    return Dense(*matrix.shape, bias=False, activation_function=None, init_weight=weight)


class _Known(InputModule):  # type: ignore[misc]
    """Texts in, the vectors that they are known to have out."""

    def __init__(self, known: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self.rows = {text: row for row, text in enumerate(known)}
        self.register_buffer("vectors", torch.from_numpy(np.stack(list(known.values()))), persistent=False)

    def preprocess(
        self, inputs: Sequence[str], prompt: str | None = None, **_: Any
    ) -> dict[str, torch.Tensor]:
        ids = torch.tensor([[self.rows[text]] for text in inputs])
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {**features, "sentence_embedding": self.vectors[features["input_ids"][:, 0]]}

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Nothing: what is saved is the base."""
