"""Any OpenAI-compatible embeddings endpoint as a runtime, so that it can be scored beside local models."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from idiolect.errors import MissingExtra, ModelError
from idiolect.runtimes.base import Kind, OnBatch, Vectors
from idiolect.runtimes.encoder import unit
from idiolect.runtimes.model_files import ModelFiles, endpoint_digest

_TEXTS_A_CALL = 64
_SECONDS_A_CALL = 60.0


class EndpointRuntime:
    """`URL#MODEL`; without a model the first that the endpoint lists.  The key is in OPENAI_API_KEY."""

    name = "endpoint"

    def __init__(self, address: str) -> None:
        """Raises MissingExtra without the openai client, ModelError where the endpoint does not answer."""
        try:
            import openai
        except ModuleNotFoundError:
            raise MissingExtra("openai", "llm") from None
        url, _, model = address.partition("#")
        self._failure: type[Exception] = openai.OpenAIError
        self.url = url
        self.client = openai.OpenAI(
            base_url=url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            max_retries=4,
            timeout=_SECONDS_A_CALL,
        )
        try:
            self.model = model or self.client.models.list().data[0].id
        except (openai.OpenAIError, IndexError) as error:
            raise ModelError(f"endpoint {url} lists no model ({error}): give URL#MODEL") from None
        dimension = self._call(["dimension"]).shape[1]
        self.files = ModelFiles(
            path=Path(),
            name=self.model,
            max_tokens=0,
            dimension=dimension,
            query_prompt="",
            passage_prompt="",
            digest=endpoint_digest(f"{url}#{self.model}"),
        )

    def encode(self, texts: Sequence[str], kind: Kind, on_batch: OnBatch | None = None) -> Vectors:
        """Vectors [n, dimension] of unit length; the endpoint is told nothing of `kind`."""
        batches = []
        for start in range(0, len(texts), _TEXTS_A_CALL):
            batch = list(texts[start : start + _TEXTS_A_CALL])
            batches.append(self._call(batch))
            if on_batch:
                on_batch(len(batch))
        return np.concatenate(batches) if batches else np.zeros((0, self.files.dimension), np.float32)

    def _call(self, texts: list[str]) -> Vectors:
        try:
            # an empty text is refused, though a passage may be nothing but what was masked in it
            answer = self.client.embeddings.create(model=self.model, input=[text or " " for text in texts])
            vectors = np.asarray([row.embedding for row in answer.data], np.float32)
        except (
            self._failure,
            ValueError,
        ) as error:  # ValueError: the client's, for an answer without vectors
            raise ModelError(f"endpoint {self.url} refused to embed: {error}") from None
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ModelError(f"endpoint {self.url} gave {len(vectors)} vectors for {len(texts)} texts")
        return unit(vectors)
