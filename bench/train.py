"""What the trainer's settings are worth, against sentence-transformers' defaults and the machine's matrix products.

    python bench/train.py [--texts 64] [--length 128] [--shortest 128] [--repeat 3]
                          [--model DIR | --shape minilm|bert-base] [--device cpu|cuda]

Each row changes one setting and keeps those before it; every variant trains on the same texts, of
--shortest to --length random tokens, in a process of its own, in turn, --repeat times; medians are shown.
Tokens are counted without padding.  FLOPs of a step are those of the model's matrix products, three
times a forward pass's (one forward, two backward).  Between any two steps the same process
runs bf16 products alone, with the shapes of one layer's linear layers and of a large square: what share
of their rate a step reaches does not depend on what else the machine does.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections import defaultdict
from statistics import median
from typing import Any

from _products import Products, forward_flops, layer_shapes, square_shape, timed

DEFAULTS = "defaults (fp32, SDPA, dropout)"
SETTINGS = {
    "+ bf16 autocast": "bf16",
    "+ dropout 0": "no-dropout",
    "+ eager attention": "eager",
    "+ freed memory kept": "keep-memory",
    "+ groups by length (idiolect)": "groups",
}
CPU_ONLY = ("eager", "keep-memory")
SHAPES = {
    "minilm": {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536},
    "bert-base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
}  # fmt: skip
STEPS = 4  # after a first one
SECONDS = 1.0  # of products between two steps


def variants(device: str) -> dict[str, list[str]]:
    """Each setting with those before it."""
    found: dict[str, list[str]] = {DEFAULTS: []}
    for name, setting in SETTINGS.items():
        if device == "cpu" or setting not in CPU_ONLY:
            found[name] = [*found[list(found)[-1]], setting]
    return found


def transformer(given: argparse.Namespace, attention: str) -> Any:
    """The encoder alone, in training: of a model directory, or of a shape with random weights."""
    from sentence_transformers import SentenceTransformer
    from transformers import AutoConfig, AutoModel

    from idiolect.runtimes.model_files import resolve

    if given.shape:
        config = AutoConfig.for_model("bert", **SHAPES[given.shape])
        model = AutoModel.from_config(config, attn_implementation=attention)
    else:
        path = str(resolve(given.model))
        loaded = SentenceTransformer(path, device="cpu", model_kwargs={"attn_implementation": attention})
        model = loaded[0].auto_model.float()
    return model.to(given.device).train()


def texts(given: argparse.Namespace) -> list[Any]:
    """Token ids, the same in every process."""
    import torch

    generator = torch.Generator().manual_seed(13)
    lengths = torch.randint(given.shortest, given.length + 1, (given.texts,), generator=generator)
    return [torch.randint(1000, 20_000, (int(length),), generator=generator) for length in lengths]


def padded(rows: list[Any], device: str) -> dict[str, Any]:
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence(rows, batch_first=True).to(device)
    return {"input_ids": ids, "attention_mask": (ids > 0).long()}


def groups(rows: list[Any], device: str) -> list[dict[str, Any]]:
    """Texts sorted by length, in groups as the trainer's collator makes them."""
    from idiolect.training.batches import grouped
    from idiolect.training.hardware import group_tokens

    rows = sorted(rows, key=len)
    spans = grouped([len(row) for row in rows], group_tokens(device))
    return [padded(rows[start:end], device) for start, end in spans]


def measure(settings: set[str], given: argparse.Namespace) -> dict[str, float]:
    """Peak MB, and medians over STEPS: seconds of forward, backward and AdamW, and shares of the products' rates."""
    import torch

    from idiolect.training.hardware import keep_freed_memory

    if "keep-memory" in settings:
        import idiolect.runtimes.torch  # noqa: F401  bounds the kernels that are kept

        keep_freed_memory()
    model = transformer(given, "eager" if "eager" in settings else "sdpa")
    if "no-dropout" in settings:
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
    rows = texts(given)
    batch = groups(rows, given.device) if "groups" in settings else [padded(rows, given.device)]

    def encoded(group: dict[str, Any]) -> Any:
        mask = group["attention_mask"][:, :, None]
        states = model(**group).last_hidden_state
        return (states * mask).sum(dim=1) / mask.sum(dim=1)

    def step() -> None:
        with torch.autocast(given.device, torch.bfloat16, enabled="bf16" in settings):
            vectors = torch.cat([encoded(group) for group in batch]).float()
        (vectors @ vectors.T).logsumexp(dim=1).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()

    bounds = products(given, model.config, "bfloat16")
    flops = step_flops(given, model.config)
    found: dict[str, list[float]] = defaultdict(list)
    step()
    for _ in range(STEPS):
        seconds = timed(step, given.device)
        found["seconds"].append(seconds)
        for name, one in bounds.items():
            found[name].append(flops / seconds / one.rate(SECONDS))
    if given.device == "cuda":
        peak = torch.cuda.max_memory_allocated() / 1e6
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"peak": peak, **{name: median(values) for name, values in found.items()}}


def products(given: argparse.Namespace, config: Any, kind: str) -> dict[str, Products]:
    """Matrix products of one layer over as many tokens as the trainer encodes at once, and a square one."""
    from idiolect.training.hardware import group_tokens

    rows = min(group_tokens(given.device), given.texts * given.length)
    layer = layer_shapes(rows, config.hidden_size, config.intermediate_size)
    return {
        "layer": Products(layer, kind, given.device),
        "square": Products(square_shape(given.device), kind, given.device),
    }


def step_flops(given: argparse.Namespace, config: Any) -> float:
    lengths = [len(row) for row in texts(given)]
    shape = (config.num_hidden_layers, config.hidden_size, config.intermediate_size)
    return 3.0 * forward_flops(lengths, *shape)


def bound(given: argparse.Namespace) -> dict[str, Any]:
    """What is measured, and the rates of products alone."""
    import torch

    config = transformer(given, "sdpa").config
    return {
        "shape": f"{config.num_hidden_layers} layers of {config.hidden_size}/{config.intermediate_size}",
        "tokens": sum(len(row) for row in texts(given)),
        "flops": step_flops(given, config),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if given.device == "cuda" else "cpu",
        **{
            kind: {name: one.rate(SECONDS) for name, one in products(given, config, kind).items()}
            for kind in ("float32", "bfloat16")
        },
    }


def run(given: argparse.Namespace, what: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--one", what, "--model", given.model, "--device", given.device]
    command += [*(("--shape", given.shape) if given.shape else ()), "--shortest", str(given.shortest)]
    command += ["--texts", str(given.texts), "--length", str(given.length)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--shortest", type=int)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.shortest = given.shortest or given.length
    return given


def main() -> None:
    given = arguments()
    if given.one is not None:
        names = set(filter(None, given.one.split(",")))
        found = bound(given) if given.one == "bound" else measure(names, given)
        sys.stdout.write(json.dumps(found))
        return
    bounds, rows = [run(given, "bound") for _ in range(given.repeat)], defaultdict(list)
    for _ in range(given.repeat):
        for name, settings in variants(given.device).items():
            rows[name].append(run(given, ",".join(settings)))
    write(given, bounds, rows)


def write(
    given: argparse.Namespace, bounds: list[dict[str, Any]], rows: dict[str, list[dict[str, float]]]
) -> None:
    first, out = bounds[0], sys.stdout.write
    tokens, flops = first["tokens"], first["flops"]
    out(
        f"{first['shape']}; {given.texts} texts of {given.shortest} to {given.length} tokens; {first['device']}, "
    )
    out(f"{first['threads']} threads, load {os.getloadavg()[0]:.1f}; {given.repeat} processes each\n")
    out(f"{flops / tokens / 1e6:.1f} MFLOP a token and step\n")
    for kind in ("float32", "bfloat16"):
        layer, square = (median(one[kind][name] for one in bounds) / 1e9 for name in ("layer", "square"))
        out(f"products in {kind}: {layer:,.0f} GFLOP/s as in a layer, {square:,.0f} square\n")
    out(f"\n{'':34} {'tok/s':>9}  ratio  GFLOP/s  of layer's  of square  peak MB\n")
    base = median(one["seconds"] for one in rows[DEFAULTS])
    for name, found in rows.items():
        seconds, layer, square = (median(one[key] for one in found) for key in ("seconds", "layer", "square"))
        out(f"{name:34} {tokens / seconds:9,.0f} {base / seconds:6.2f} {flops / seconds / 1e9:8,.0f}")
        out(f" {layer:11.0%} {square:10.0%} {max(one['peak'] for one in found):8,.0f}\n")


if __name__ == "__main__":
    main()
