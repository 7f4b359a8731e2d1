"""How many of its kernels OpenVINO keeps: what that does to the memory of a server, and to its speed.

    python bench/kernel_cache.py [--model DIRECTORY] [--keep 5000 1000 600 100] [--rounds 8]

OpenVINO makes kernels for every new shape and keeps the last so many of them.  A process for each number takes its turn
with the same work in each round, as the passes that a server makes of it: texts of 8 to 56 tokens one by one, 32 of
them waiting, passages of 120 to 512 tokens one by one, 32 of them waiting, and all of these mixed.  Every round has
other lengths.  Ratios are tokens/s, by those of the first number, over all rounds but the first; memory is what the
process holds after the first, the middle and the last round.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from graph_shapes import served

from idiolect.runtimes.graph import export_onnx
from idiolect.runtimes.model_files import describe, resolve
from idiolect.runtimes.openvino import OpenVinoRuntime
from idiolect.runtimes.packed_graph import export_openvino

SHORT, LONG = (8, 57), (120, 513)
CASES = ("short, one by one", "short, 32 waiting", "passages, one by one", "passages, 32 waiting", "mixed")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--keep", type=int, nargs="+", default=[5000, 1000, 600, 100])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        answer(given.child, given.keep[0], given.model)
        return
    files = describe(given.model or resolve("auto"))
    with tempfile.TemporaryDirectory() as folder:
        onnx, target = Path(folder) / "graph.onnx", Path(folder) / "graph.xml"
        export_onnx(files, onnx)
        export_openvino(files, target, lambda: onnx)
        children = {keep: started(files.path, target, keep) for keep in given.keep}
        rounds = [
            {keep: turn(child, number) for keep, child in children.items()} for number in range(given.rounds)
        ]
        for child in children.values():
            child.communicate()
    report(given.keep, rounds)


def started(model: Path, graph: Path, keep: int) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, "--child", str(graph), "--model", str(model), "--keep", str(keep)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def turn(child: "subprocess.Popen[str]", number: int) -> dict[str, float]:
    assert child.stdin and child.stdout
    child.stdin.write(f"{number}\n")
    child.stdin.flush()
    found: dict[str, float] = json.loads(child.stdout.readline())
    return found


def answer(graph: Path, keep: int, model: Path) -> None:
    """Do the rounds that stdin names."""
    OpenVinoRuntime.kernels_kept = keep
    runtime = OpenVinoRuntime(describe(model), graph)
    for line in sys.stdin:
        random, speeds = np.random.default_rng(int(line)), {}
        for case in CASES:
            waiting = [lengths for _ in range(4) for lengths in drawn(case, random)]
            passes = [tokens for lengths in waiting for tokens in served(lengths, runtime)]
            began = time.perf_counter()
            for tokens in passes:
                runtime.encode_tokens(tokens)
            speeds[case] = sum(map(sum, waiting)) / (time.perf_counter() - began)
        sys.stdout.write(json.dumps(speeds | {"MB": held()}) + "\n")
        sys.stdout.flush()


def drawn(case: str, random: np.random.Generator) -> list[list[int]]:
    """The lengths of the texts that wait together, in tokens."""
    if case == "mixed":
        pairs = zip(*(drawn(each, random) for each in CASES[:-1]), strict=False)
        return [lengths for together in pairs for lengths in together]
    low, high = SHORT if case.startswith("short") else LONG
    count, times = (1, 12) if case.endswith("one by one") else (32, 2)
    return [random.integers(low, high, count).tolist() for _ in range(times)]


def held() -> float:
    """MB that this process has in memory."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmRSS:"))) / 1024


def report(keeps: list[int], rounds: list[dict[int, dict[str, float]]]) -> None:
    sys.stdout.write(
        "| kernels kept | " + " | ".join(CASES) + " | MB |\n" + "|---" * (len(CASES) + 2) + "|\n"
    )
    for keep in keeps:
        ratios = (
            statistics.median(each[keep][case] / each[keeps[0]][case] for each in rounds[1:])
            for case in CASES
        )
        memory = (f"{rounds[at][keep]['MB']:.0f}" for at in (0, len(rounds) // 2, -1))
        cells = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        sys.stdout.write(f"| {keep:,} | {cells} | {', '.join(memory)} |\n")


if __name__ == "__main__":
    main()
