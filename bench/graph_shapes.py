"""OpenVINO's graph with attention as torch fuses it and as export spells it out, by what batches are padded to; and
over packed rows.

    python bench/graph_shapes.py [--model DIRECTORY] [--rounds 6]

Each round gives every graph and step the same batches in turn: single texts of 8 to 56 tokens, some of them together,
31 of any such lengths, in the passes that a server makes of them, and passes of 2,048 tokens, hardly any two of one
shape.  The first round, in which shapes are new, stands apart from the median of the others.  Ratios are tokens/s by
those of fused attention without padding.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from idiolect.runtimes import graph
from idiolect.runtimes.base import TokenIds
from idiolect.runtimes.model_files import describe, resolve
from idiolect.runtimes.openvino import OpenVinoRuntime
from idiolect.runtimes.packed_graph import export_packed
from idiolect.server.lanes import Job, Lanes, Text, lane_of

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
        target = Path(folder) / "packed.xml"
        if export_packed(files, target):
            runtimes["spelled out, packed rows"] = OpenVinoRuntime(files, target)
        measure(runtimes, given.rounds)


def measure(runtimes: dict[str, OpenVinoRuntime], rounds: int) -> None:
    random = np.random.default_rng(13)
    cases = {
        "one short text": [[int(length)] for length in random.integers(8, 57, 60)],
        "2 to 24 short texts": [
            [int(length)] * int(count)
            for count, length in zip(random.integers(2, 25, 40), random.integers(8, 57, 40), strict=True)
        ],
        "31 short texts of any length": [random.integers(8, 57, 31).tolist() for _ in range(20)],
        "passes of 2,048 tokens": [
            [int(length)] * (2048 // int(length)) for length in random.integers(120, 257, 12)
        ],
    }
    first = next(iter(runtimes))
    for case, waiting in cases.items():
        passes = {
            name: [tokens for lengths in waiting for tokens in served(lengths, runtime)]
            for name, runtime in runtimes.items()
        }
        total = sum(map(sum, waiting))
        taken: dict[str, list[float]] = {name: [] for name in runtimes}
        for _ in range(rounds):
            for name, runtime in runtimes.items():
                began = time.perf_counter()
                for tokens in passes[name]:
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


def served(lengths: list[int], runtime: OpenVinoRuntime) -> Iterator[list[TokenIds]]:
    """The passes that a server makes of so long texts, of any tokens, each a request of its own that waits."""
    random, lanes = np.random.default_rng(sum(lengths)), Lanes(runtime.row_tokens)
    for length in lengths:
        tokens = random.integers(1000, 20000, length).astype(np.int32)
        lanes.add(Job(np.empty(0, np.float32), lane_of(length)), [Text(b"", tokens)])
    while taken := lanes.take(runtime.max_batch_tokens // 2):
        yield [text.tokens for text in taken]


if __name__ == "__main__":
    main()
