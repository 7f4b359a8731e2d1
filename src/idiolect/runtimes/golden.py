"""Golden vectors: what a bundle's model gives for sentences of our own, so that any machine can check it.

The sentences are made up here and are the same in every bundle: the user's chunks, which may be confidential, would
travel with it otherwise; as token ids too, since the tokenizer in the bundle turns those back into text.
"""

from pathlib import Path

import msgspec
import numpy as np

from idiolect.errors import BundleError
from idiolect.files import read_json
from idiolect.records import Record
from idiolect.runtimes.base import Runtime
from idiolect.runtimes.layout import GOLDEN

TEXTS = (
    "How do I reset the counter?",
    "The lift stops between the second and the third floor when the door sensor is covered by dust.",
    "ERR-4012: write failed (disk full), retry in 30 s",
    "def area(width, height):\n    return width * height",
    "Größe, naïve café, 東京 и Москва",
    "x",
    "A sentence that goes on and on, clause after clause, " * 60,
)

DECIMALS = 6


class Golden(Record, frozen=True, kw_only=True):
    """golden.json: the ids of each text as a passage, and torch's unit vectors [texts, dimension] in float32."""

    texts: list[str]
    tokens: list[list[int]]
    vectors: list[list[float]]


def golden(runtime: Runtime) -> Golden:
    vectors = runtime.encode(TEXTS, "passage")
    return Golden(
        texts=list(TEXTS),
        tokens=[ids.tolist() for ids in runtime.tokens(TEXTS, "passage")],
        vectors=[[round(float(value), DECIMALS) for value in row] for row in vectors],
    )


def read_golden(bundle: Path) -> Golden | None:
    """None where the bundle has none. Raises BundleError where its file cannot be read."""
    path = bundle / GOLDEN
    if not path.is_file():
        return None
    try:
        return msgspec.convert(read_json(path), Golden)
    except msgspec.ValidationError as error:
        raise BundleError(f"{path} cannot be read ({error}): export the bundle again") from None


def least_cosine(held: Golden, runtime: Runtime) -> float:
    """Of the golden texts' vectors by `runtime` to those kept. Raises BundleError where it reads other tokens."""
    for text, ids, kept in zip(held.texts, runtime.tokens(held.texts, "passage"), held.tokens, strict=True):
        if ids.tolist() != kept:
            raise BundleError(
                f"the tokenizer reads {text[:40]!r} otherwise than when the bundle was exported"
            )
    kept_vectors = np.asarray(held.vectors, np.float32)
    return float(np.sum(runtime.encode(held.texts, "passage") * kept_vectors, axis=1).min())
