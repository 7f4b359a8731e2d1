"""A runtime whose vectors tell which text they are of, and which can be held back."""

import threading
from types import SimpleNamespace

import numpy as np

DIMENSION = 4


class Recorder:
    """Records each pass's texts, by their first token; `hold` keeps the next pass from ending."""

    max_batch_tokens = 4096
    files = SimpleNamespace(dimension=DIMENSION)

    def __init__(self, row_tokens=0):
        self.row_tokens = row_tokens
        self.passes = []
        self.free = threading.Event()
        self.entered = threading.Event()
        self.free.set()
        self.broken = None

    def hold(self):
        self.entered.clear()
        self.free.clear()

    def encode_tokens(self, tokens, on_batch=None):
        self.passes.append([int(ids[0]) for ids in tokens])
        self.entered.set()
        assert self.free.wait(20)
        if self.broken in self.passes[-1]:
            raise RuntimeError("broken")
        return np.array([vector(ids) for ids in tokens], dtype=np.float32)

    def multiplied(self, lengths):
        return sum(lengths)


def text(number, length=10):
    """Token ids of a text that is known by its number."""
    return np.full(length, number, dtype=np.int32)


def vector(ids):
    return [ids[0], len(ids), 0, 0]
