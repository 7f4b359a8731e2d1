"""What every runtime offers: text in, unit-length vectors out."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from idiolect.runtimes.model_files import ModelFiles

Kind = Literal["query", "passage"]
"""What a text is for; the model's prompt of that kind is put before it."""

Precision = Literal["auto", "float32"]
"""`auto` is bfloat16 where the hardware computes in it, else float32."""

Truncate = Literal["END", "START"]
"""Which end of a text too long for the model is cut."""

Vectors = NDArray[np.float32]
TokenIds = NDArray[np.int32]
"""One text's token ids [length], prompt and special tokens included."""

OnBatch = Callable[[int], None]
"""Called after each batch with the number of texts it held."""


class TextEncoder(Protocol):
    """Whatever gives texts vectors, wherever it runs; `name` is that of the runtime."""

    name: str
    files: ModelFiles

    def encode(self, texts: Sequence[str], kind: Kind, on_batch: OnBatch | None = None) -> Vectors:
        """Vectors [n, dimension] of unit length, in the order of `texts`."""


class Runtime(TextEncoder, Protocol):
    """A loaded model. Calls may come from any thread; they are served one batch at a time.

    `row_tokens`: texts up to so long share rows, so that their lengths need not be similar; 0 where none do.
    """

    precision: str
    max_batch_tokens: int
    row_tokens: int

    def tokens(self, texts: Sequence[str], kind: Kind, truncate: Truncate | None = "END") -> list[TokenIds]:
        """Token ids of each text after its prompt, cut at `files.max_tokens`; None cuts nothing."""

    def encode_tokens(self, tokens: Sequence[TokenIds], on_batch: OnBatch | None = None) -> Vectors:
        """Vectors [n, dimension] of unit length, in the order of `tokens`."""

    def multiplied(self, lengths: Sequence[int]) -> int:
        """Tokens that passes over texts of so many compute, padding included."""
