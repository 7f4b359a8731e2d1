"""Vectors as the JSON of an answer, without a Python object for each number."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import orjson

from idiolect.runtimes.base import Vectors

ROWS = 128
"""Rows that are written at once: no other thread runs meanwhile."""


def written(vectors: Vectors, base64: bool, model: str, tokens: int) -> bytes:
    """An `EmbeddingAnswer` as JSON: numbers of as many digits as tell float32s apart, or base64."""
    rows = np.ascontiguousarray(vectors, dtype="<f4")
    data = b",".join(_pieces(rows, base64))
    named = msgspec.json.encode(model)
    usage = b'{"prompt_tokens":%d,"total_tokens":%d}' % (tokens, tokens)
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (data, named, usage)


def _pieces(rows: Vectors, base64: bool) -> Iterator[bytes]:
    for start in range(0, len(rows), ROWS):
        items: list[dict[str, Any]] = [
            {"object": "embedding", "index": start + place, "embedding": row.data if base64 else row}
            for place, row in enumerate(rows[start : start + ROWS])
        ]
        if base64:
            yield msgspec.json.encode(items)[1:-1]
        else:
            yield orjson.dumps(items, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
