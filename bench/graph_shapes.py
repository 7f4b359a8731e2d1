"""OpenVINO's graph with attention as torch fuses it and as export spells it out, by what batches are padded to.

    python bench/graph_shapes.py [--model DIRECTORY] [--rounds 6]

Each round gives every graph and step the same batches in turn: single texts of 8 to 56 tokens, some of them together,
and passes of 2,048 tokens, hardly any two of one shape.  The first round, in which shapes are new, stands apart from
the median of the others.  Ratios are tokens/s by those of fused attention without padding.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from idiolect.runtimes import graph
from idiolect.runtimes.base import TokenIds
from idiolect.runtimes.model_files import describe, resolve
from idiolect.runtimes.openvino import OpenVinoRuntime

STEPS = (1, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--rounds", type=int, default=6)
    given = parser.parse_args()
    files = describe(given.model or resolve("auto"))
    spelled_out: Callable[..., None] = graph._spell_attention_out
    with tempfile.TemporaryDirectory() as folder:
        runtimes: dict[str, OpenVinoRuntime] = {}
        for name, prepare in (("fused", lambda model: None), ("spelled out", spelled_out)):
            graph._spell_attention_out = prepare
            onnx, target = Path(folder) / f"{name}.onnx", Path(folder) / f"{name}.xml"
            graph.export_onnx(files, onnx)
            graph.convert_openvino(onnx, target)
            for step in STEPS:
                runtime = OpenVinoRuntime(files, target)
                runtime.step = step
                runtimes[f"{name}, padded to {step}"] = runtime
        measure(runtimes, given.rounds)


def measure(runtimes: dict[str, OpenVinoRuntime], rounds: int) -> None:
    random = np.random.default_rng(13)
    cases = {
        "one short text": [(1, int(length)) for length in random.integers(8, 57, 60)],
        "2 to 24 short texts": [
            (int(count), int(length))
            for count, length in zip(random.integers(2, 25, 40), random.integers(8, 57, 40), strict=True)
        ],
        "passes of 2,048 tokens": [
            (2048 // int(length), int(length)) for length in random.integers(120, 257, 12)
        ],
    }
    first = next(iter(runtimes))
    for case, shapes in cases.items():
        passes = [batch(random, *shape) for shape in shapes]
        total = sum(count * length for count, length in shapes)
        taken: dict[str, list[float]] = {name: [] for name in runtimes}
        for _ in range(rounds):
            for name, runtime in runtimes.items():
                began = time.perf_counter()
                for tokens in passes:
                    runtime.encode_tokens(tokens)
                taken[name].append(time.perf_counter() - began)
        sys.stdout.write(
            f"\n| {case} | new shapes: tokens/s | ratio | known: tokens/s | ratio |\n|---|---|---|---|---|\n"
        )
        for name, (new, *known) in taken.items():
            then, new_ratio = statistics.median(known), taken[first][0] / new
            ratio = statistics.median(taken[first][1:]) / then
            sys.stdout.write(
                f"| {name} | {total / new:,.0f} | {new_ratio:.2f} | {total / then:,.0f} | {ratio:.2f} |\n"
            )


def batch(random: np.random.Generator, count: int, length: int) -> list[TokenIds]:
    """Texts of one length, of any tokens."""
    return [random.integers(1000, 20000, length).astype(np.int32) for _ in range(count)]


if __name__ == "__main__":
    main()
