"""What is asked of the servers: a BEIR folder's queries and passages, their vectors and their cost."""

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from _products import Products, forward_flops, layer_shapes, square_shape

from idiolect.bundle import Bundle
from idiolect.runtimes.opening import open_graph


@dataclass(frozen=True)
class Texts:
    """`path` holds the texts as JSON; `references` torch's float32 vectors [texts, dimension], by bundle;
    `tokens` and `flops` are each text's."""

    name: str
    path: Path
    references: list[str]
    tokens: list[int]
    flops: list[float]


def read(beir: Path, most: int) -> dict[str, list[str]]:
    """`queries` and `passages`, as many at most."""
    with (beir / "corpus.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, most)]
    with (beir / "queries.jsonl").open(encoding="utf-8") as lines:
        queries = [json.loads(line)["text"] for line in islice(lines, most)]
    return {"queries": queries, "passages": [f"{row.get('title', '')} {row['text']}".strip() for row in rows]}


def prepare(texts: dict[str, list[str]], bundles: list[Bundle], work: Path) -> dict[str, Texts]:
    """Written to `work` for the load generator, in the order of `bundles`, which are all of one shape."""
    shape = shape_of(bundles[0])
    found: dict[str, Texts] = {}
    for number, bundle in enumerate(bundles):
        runtime = open_graph(bundle.path, bundle.files, "torch", "float32")
        for name, rows in texts.items():
            if number and name != "queries":
                continue  # swaps are measured with queries alone
            path = work / f"{name}-{number}.npy"
            np.save(path, runtime.encode(rows, "passage"))
            if name not in found:
                (work / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
                tokens = [len(ids) for ids in runtime.tokens(rows, "passage")]
                flops = [forward_flops([length], *shape) for length in tokens]
                found[name] = Texts(name, work / f"{name}.json", [], tokens, flops)
            found[name].references.append(str(path))
    return found


def shape_of(bundle: Bundle) -> tuple[int, int, int]:
    """Layers, width and inner width of its transformer."""
    config: dict[str, Any] = json.loads((bundle.path / "model" / "config.json").read_text(encoding="utf-8"))
    return config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]


def ceiling(bundle: Bundle, seconds: float = 1.0) -> dict[str, float]:
    """FLOP/s of bf16 matrix products alone, of a layer's shapes over 4,096 tokens and of a large square."""
    _, width, inner = shape_of(bundle)
    shapes = {"layer": layer_shapes(4096, width, inner), "square": square_shape("cpu")}
    return {name: Products(shape, "bfloat16", "cpu").rate(seconds) for name, shape in shapes.items()}
