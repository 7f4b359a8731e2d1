"""Runtimes: text in, unit-length vectors out. One back end a file; torch only in `torch.py`, `graph.py`."""

from idiolect.runtimes.base import Kind, Precision, Runtime, Vectors
from idiolect.runtimes.opening import RUNTIMES, open_runtime

__all__ = ["RUNTIMES", "Kind", "Precision", "Runtime", "Vectors", "open_runtime"]
