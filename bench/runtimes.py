"""Encoding with each runtime: tokens/s and cosine to torch in float32, side by side in one run.

python bench/runtimes.py CORPUS.jsonl [--texts 256] [--repeat 3]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from idiolect.runtimes.graph import export_onnx
from idiolect.runtimes.layout import GRAPHS
from idiolect.runtimes.model_files import describe, resolve
from idiolect.runtimes.onnx import OnnxRuntime
from idiolect.runtimes.openvino import OpenVinoRuntime
from idiolect.runtimes.packed_graph import export_openvino
from idiolect.runtimes.torch import TorchRuntime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with given.corpus.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, given.texts)]
    texts = [f"{row.get('title', '')} {row['text']}".strip() for row in rows]

    files = describe(resolve("auto"))
    with tempfile.TemporaryDirectory() as folder:
        graphs = {name: Path(folder) / path for name, path in GRAPHS.items()}
        export_onnx(files, graphs["onnx"])
        export_openvino(files, graphs["openvino"], lambda: graphs["onnx"])
        runtimes = {
            "torch float32": TorchRuntime(files, precision="float32"),
            "torch auto": TorchRuntime(files),
            "ONNX Runtime float32": OnnxRuntime(files, graphs["onnx"]),
            "OpenVINO float32": OpenVinoRuntime(files, graphs["openvino"], "float32"),
            "OpenVINO auto": OpenVinoRuntime(files, graphs["openvino"]),
        }
        reference = runtimes["torch float32"].encode(texts, "passage")
        tokens = sum(len(ids) for ids in runtimes["torch auto"].tokens(texts, "passage"))
        seconds: dict[str, list[float]] = {name: [] for name in runtimes}
        cosines: dict[str, float] = {}
        for _ in range(given.repeat):
            for name, runtime in runtimes.items():
                began = time.perf_counter()
                vectors = runtime.encode(texts, "passage")
                seconds[name].append(time.perf_counter() - began)
                cosines[name] = float((vectors * reference).sum(axis=1).min())
    base = tokens / statistics.median(seconds["torch float32"])
    sys.stdout.write(f"{len(texts)} texts, {tokens:,} tokens, median of {given.repeat}\n")
    for name, values in seconds.items():
        rate = tokens / statistics.median(values)
        sys.stdout.write(
            f"{name:22} ({runtimes[name].precision:8}) {rate:8,.0f} tok/s {rate / base:5.2f}x  "
            f"least cosine {cosines[name]:.5f}\n"
        )


if __name__ == "__main__":
    main()
