"""How fast a machine multiplies matrices: the bound of what an encoder can reach on it."""

import time
from collections.abc import Callable, Iterable, Sequence

import torch

Shape = tuple[int, int, int]


def layer_shapes(rows: int, width: int, inner: int) -> list[Shape]:
    """The products [m, k] x [k, n] of a transformer layer's linear layers over so many tokens."""
    return [*[(rows, width, width)] * 4, (rows, width, inner), (rows, inner, width)]


def forward_flops(lengths: Iterable[int], layers: int, width: int, inner: int) -> float:
    """FLOPs of a transformer's matrix products over texts of so many tokens each.

    2 for each weight of a linear layer and each token, and 4 x length x width for each layer and token in attention.
    """
    weights = layers * (4 * width * width + 2 * width * inner)
    return float(sum(2 * weights * length + 4 * layers * width * length**2 for length in lengths))


def square_shape(device: str) -> list[Shape]:
    """One large enough to fill the device."""
    size = 2048 if device == "cpu" else 8192
    return [(size, size, size)]


class Products:
    """Matrix products of some shapes in one type, to be run again and again."""

    def __init__(self, shapes: Sequence[Shape], kind: str, device: str) -> None:
        """`kind` is the name of a torch type."""
        self.device = device
        self.pairs = []
        for rows, inner, columns in shapes:
            left = torch.randn(rows, inner, device=device).to(getattr(torch, kind))
            right = (
                torch.randn(columns, inner, device=device).to(left.dtype).T
            )  # as a linear layer's weight lies
            self.pairs.append((left, right))
        self.flops = sum(2 * rows * inner * columns for rows, inner, columns in shapes)

    def rate(self, seconds: float) -> float:
        """FLOP/s of all of them in turn, for so long."""
        self._once()
        times, took = 0, 0.0
        while took < seconds:
            took += timed(self._once, self.device)
            times += 1
        return times * self.flops / took

    def _once(self) -> None:
        for left, right in self.pairs:
            left @ right


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds, a GPU's work awaited."""
    began = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began
