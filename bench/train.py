"""What the trainer's CPU settings are worth: tokens/s side by side, in one run, as ratios.

    python bench/train.py [--texts 64] [--length 128] [--repeat 3]

Each row changes one setting against sentence-transformers' defaults and keeps those before it.
Every variant runs in its own process, in turn, `--repeat` times; medians are shown.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

VARIANTS = {
    "defaults (fp32, SDPA, dropout)": (),
    "+ bf16 autocast": ("bf16",),
    "+ dropout 0": ("bf16", "no-dropout"),
    "+ eager attention": ("bf16", "no-dropout", "eager"),
    "+ freed memory kept (idiolect)": ("bf16", "no-dropout", "eager", "keep-memory"),
}
STEPS = 4


def measure(settings: set[str], texts: int, length: int) -> float:
    """Tokens/s of forward, backward and AdamW over one batch, the first of STEPS left out."""
    import torch
    from sentence_transformers import SentenceTransformer

    from idiolect.runtimes.model_files import resolve
    from idiolect.training.hardware import keep_freed_memory

    if "keep-memory" in settings:
        keep_freed_memory()
    attention = "eager" if "eager" in settings else "sdpa"
    model = SentenceTransformer(
        str(resolve("auto")), device="cpu", model_kwargs={"attn_implementation": attention}
    ).train()
    if "no-dropout" in settings:
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6)
    generator = torch.Generator().manual_seed(13)
    batch = {
        "input_ids": torch.randint(1000, 20_000, (texts, length), generator=generator),
        "attention_mask": torch.ones(texts, length, dtype=torch.long),
    }
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in settings):
            vectors = model(dict(batch))["sentence_embedding"].float()
        (vectors @ vectors.T).logsumexp(dim=1).sum().backward()
        optimiser.step()
        optimiser.zero_grad()
        seconds.append(time.perf_counter() - began)
    return texts * length / statistics.median(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        sys.stdout.write(
            json.dumps(measure(set(filter(None, given.one.split(","))), given.texts, given.length))
        )
        return
    rates: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(given.repeat):
        for name, settings in VARIANTS.items():
            command = [sys.executable, __file__, "--one", ",".join(settings)]
            command += ["--texts", str(given.texts), "--length", str(given.length)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rates[name].append(json.loads(done.stdout.splitlines()[-1]))
    base = statistics.median(rates["defaults (fp32, SDPA, dropout)"])
    sys.stdout.write(f"{given.texts} x {given.length} tokens, median of {given.repeat} processes each\n")
    for name, values in rates.items():
        rate = statistics.median(values)
        sys.stdout.write(f"{name:34} {rate:8,.0f} tok/s  {rate / base:5.2f}x\n")


if __name__ == "__main__":
    main()
