"""Many adapters on one graph against as many merged graphs: memory, the time to open, and texts/s.

    python bench/adapters.py [--model DIR] [--counts 1 4 16] [--rank 16] [--rounds 5]

Adapters are random low-rank updates of every layer, or maps; what they hold is of no matter here. Memory is that of a
process of its own for each count, which opens so many runtimes and encodes with each: its unique set size, which
counts pages that no other process has.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from idiolect.runtimes.adaptable_graph import export_adaptable
from idiolect.runtimes.adapted import AdaptedRuntime
from idiolect.runtimes.adapter import DOWN, UP, Adapter, Root, Update
from idiolect.runtimes.model_files import ModelFiles, describe, resolve
from idiolect.runtimes.openvino import OpenVinoRuntime, library
from idiolect.runtimes.packed_graph import export_packed

KINDS = ("merged", "lora", "linear")
TURNS = {
    "a query of 8 to 40 tokens": (1, (8, 40)),
    "32 such": (32, (8, 40)),
    "16 of 120 to 250": (16, (120, 250)),
}
"""Passes by how many texts are in them, and of which lengths."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    files = describe(given.model or resolve("auto"))
    if given.child:
        folder, kind, count = given.child
        sys.stdout.write(json.dumps(held(files, Path(folder), kind, int(count), given.rank)) + "\n")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export_adaptable(files, folder / "adaptable.xml")
        if not export_packed(files, folder / "merged0.xml"):
            raise SystemExit(f"{files.name} has no packed graph to compare with")
        for number in range(1, max(given.counts)):
            for suffix in (".xml", ".bin"):
                shutil.copyfile(folder / f"merged0{suffix}", folder / f"merged{number}{suffix}")
        memory(folder, given)
        speed(files, folder, given)


def memory(folder: Path, given: argparse.Namespace) -> None:
    sys.stdout.write("| runtimes | opened in s | MB | MB each beyond the first |\n|---|---|---|---|\n")
    model = ["--model", str(given.model)] if given.model else []
    for kind in KINDS:
        first = 0.0
        for count in given.counts:
            child = [sys.executable, __file__, "--rank", str(given.rank), *model]
            child += ["--child", str(folder), kind, str(count)]
            found = json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout)
            first = first or found["MB"]
            more = (
                f"{(found['MB'] - first) / (count - given.counts[0]):.1f}" if count > given.counts[0] else ""
            )
            sys.stdout.write(f"| {count} {kind} | {found['seconds']:.2f} | {found['MB']:.0f} | {more} |\n")
            sys.stdout.flush()


def held(files: ModelFiles, folder: Path, kind: str, count: int, rank: int) -> dict[str, float]:
    """What so many runtimes of a kind take, each having encoded, beyond the process that holds none."""
    OpenVinoRuntime(files, folder / "merged0.xml").encode(
        ["warm up"], "query"
    )  # libraries, and what they keep
    before, began = unique(), time.perf_counter()
    makers = [maker(files, folder, kind, number, rank) for number in range(count)]
    runtimes = [make() for make in makers]
    seconds = time.perf_counter() - began
    random = np.random.default_rng(0)
    for texts, lengths in TURNS.values():
        for runtime in runtimes:
            runtime.encode_tokens(drawn(random, texts, lengths))
    return {"seconds": seconds, "MB": unique() - before}


def maker(
    files: ModelFiles, folder: Path, kind: str, number: int, rank: int
) -> Callable[[], OpenVinoRuntime]:
    if kind == "merged":
        return lambda: OpenVinoRuntime(files, folder / f"merged{number}.xml")
    graph = folder / "adaptable.xml"
    return lambda: AdaptedRuntime(files, graph, adapter(files, graph, kind, number, rank))


def adapter(files: ModelFiles, graph: Path, kind: str, number: int, rank: int) -> Adapter:
    random = np.random.default_rng(number)
    root = Adapter(Root(name=files.name, digest=files.digest))
    if kind == "linear":
        return root.mapped(random.normal(0, 1, (files.dimension, files.dimension)).astype(np.float32))
    inputs = library().Core().read_model(graph).inputs
    shapes = {port.get_any_name(): port.partial_shape for port in inputs}
    layers = {
        name.removesuffix(DOWN): (shape[0].get_length(), shapes[name.removesuffix(DOWN) + UP][1].get_length())
        for name, shape in shapes.items()
        if name.endswith(DOWN)
    }
    updates = {
        name: Update(
            random.normal(0, 0.01, (width, rank)).astype(np.float32),
            random.normal(0, 0.01, (rank, height)).astype(np.float32),
        )
        for name, (width, height) in layers.items()
    }
    return root.updated(updates, 1.0)


def unique() -> float:
    """MB in memory that this process alone has."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def speed(files: ModelFiles, folder: Path, given: argparse.Namespace) -> None:
    """Passes of four models in turn, kinds side by side in each round."""
    runtimes = {kind: [maker(files, folder, kind, n, given.rank)() for n in range(4)] for kind in KINDS}
    seconds: dict[tuple[str, str], list[float]] = {}
    for number in range(given.rounds + 1):
        for name, (texts, lengths) in TURNS.items():
            for kind, models in runtimes.items():
                random = np.random.default_rng(number)
                passes = [drawn(random, texts, lengths) for _ in range(80 // texts + 4)]
                began = time.perf_counter()
                for turn, tokens in enumerate(passes):
                    models[turn % 4].encode_tokens(tokens)
                seconds.setdefault((kind, name), []).append((time.perf_counter() - began) / len(passes))
    sys.stdout.write("\n| passes of | " + " | ".join(KINDS) + " |\n" + "|---" * (1 + len(KINDS)) + "|\n")
    for name in TURNS:
        rounds = {kind: seconds[kind, name][1:] for kind in KINDS}  # without the first, which makes kernels
        cells = [f"{1000 * statistics.median(rounds['merged']):.1f} ms"]
        for kind in KINDS[1:]:
            ratios = (one / other for one, other in zip(rounds["merged"], rounds[kind], strict=True))
            cells.append(f"{statistics.median(ratios):.2f}x")
        sys.stdout.write(f"| {name} | " + " | ".join(cells) + " |\n")


def drawn(random: np.random.Generator, texts: int, lengths: Sequence[int]) -> list[np.ndarray]:
    """Token ids of so many texts."""
    return [random.integers(1000, 9000, random.integers(*lengths)).astype(np.int32) for _ in range(texts)]


if __name__ == "__main__":
    main()
