"""Stores to test: each kind, made anew."""

import numpy as np

from idiolect.bundle import Base, Manifest, Prompts
from idiolect.index.store import Entry, Indexed
from idiolect.records import Fusion

DIGEST = "d" * 64


def entry(number, text, document="one", position=None, tags=(), version="1"):
    return Entry(
        id=f"{document}#{number}",
        document_id=document,
        position=number if position is None else position,
        path=f"{document}.txt",
        title="",
        text=text,
        start=10 * number,
        end=10 * number + len(text),
        tags=list(tags),
        digest=f"{version}{text}",
    )


def indexed(digest=DIGEST, dimension=8, fusion=None):
    return Indexed(
        bundle="/nowhere",
        model="tiny",
        model_digest=digest,
        dimension=dimension,
        query_prompt="",
        passage_prompt="",
        normalise=True,
        fusion=fusion or Fusion(),
    )


def vectors(count, dimension=8, seed=1):
    drawn = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def a_manifest(told):
    """Of a bundle that would make `told`."""
    return Manifest(
        name=told.model,
        weights="tuned",
        verdict="promote",
        base=Base(name="base", digest="0" * 64),
        model_digest=told.model_digest,
        dimension=told.dimension,
        dimensions=[told.dimension],
        max_tokens=128,
        chunk_tokens=128,
        overlap_tokens=8,
        prompts=Prompts(query=told.query_prompt, passage=told.passage_prompt),
        fusion=told.fusion,
    )


class Looked:
    """An encoder that knows the vectors of its texts."""

    def __init__(self, texts, given):
        self.known = dict(zip(texts, given, strict=True))

    def encode(self, texts, kind, on_batch=None):
        return np.stack([self.known[text] for text in texts])
