"""What train.micro_batch saves and costs: peak memory and seconds of a step, each in a process of its own.

    python bench/micro_batch.py [--batches 16 64] [--micro-batches 0 16] [--length 128] [--steps 3]

A batch of B queries has 5 B passages of --length random tokens, as four mined negatives each give;
0 encodes them in groups of 4,096 tokens and keeps what the backward pass needs of all.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

_PASSAGES = 5  # a query: its positive and four negatives
_QUERY_LENGTH = 16


def measure(queries: int, micro_batch: int, length: int, steps: int) -> dict[str, float]:
    """Peak resident MB of the process, and the median seconds of a step after the first."""
    import torch

    from idiolect.runtimes.model_files import describe, resolve
    from idiolect.runtimes.torch import has_bfloat16
    from idiolect.training.hardware import keep_freed_memory
    from idiolect.training.objectives.combined import Combined
    from idiolect.training.objectives.contrastive import Contrastive
    from idiolect.training.trainer import load_for_training

    keep_freed_memory()
    files = describe(resolve("auto"))
    model = load_for_training(files, "full").train()
    loss = Combined(model, (files.dimension,), [Contrastive(1.0, 0.05)], cached=micro_batch > 0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6)
    generator = torch.Generator().manual_seed(13)
    passages = _PASSAGES * queries

    def groups(count: int, tokens: int, size: int) -> list[dict[str, torch.Tensor]]:
        ids = torch.randint(1000, 20_000, (count, tokens), generator=generator)
        return [{"input_ids": part, "attention_mask": torch.ones_like(part)} for part in ids.split(size)]

    features = groups(queries, _QUERY_LENGTH, micro_batch or queries)
    features += groups(passages, length, micro_batch or 4_096 // length)
    labels = {
        "listwise": torch.zeros(queries, dtype=torch.bool),
        "candidates": torch.arange(queries)[:, None],
        "weight": torch.ones(queries),
        "masked": torch.zeros(queries, passages, dtype=torch.bool),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(steps):
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16("cpu")):
            value = loss(features, labels)
        value.backward()
        optimiser.step()
        optimiser.zero_grad()
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "peak": peak / 1024,
        "before": before / 1024,
        "seconds": statistics.median(seconds[1:] or seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--micro-batches", type=int, nargs="+", default=[0, 16])
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        queries, micro_batch = map(int, given.one.split(","))
        sys.stdout.write(json.dumps(measure(queries, micro_batch, given.length, given.steps)))
        return
    for queries in given.batches:
        for micro_batch in given.micro_batches:
            command = [sys.executable, __file__, "--one", f"{queries},{micro_batch}"]
            command += ["--length", str(given.length), "--steps", str(given.steps)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            sys.stdout.write(
                f"{queries:5} queries  micro_batch {micro_batch:4}  peak {found['peak']:8,.0f} MB "
                f"(model loaded {found['before']:,.0f})  {found['seconds']:6.1f} s a step\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
