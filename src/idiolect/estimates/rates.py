"""How fast this machine encodes and trains, measured in seconds on a few of the corpus's own chunks."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from idiolect.config import Train
from idiolect.records import Record
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles

_GROUP_TOKENS = 2_048  # between two looks at the clock
_WARM_UP = 2  # texts


class Rates(Record, frozen=True, kw_only=True):
    """Tokens a second of the base model.

    `encode`: forward passes of whole chunks; `train`: forward, backward and AdamW of passages
    cut at train.max_tokens; `start`: seconds until torch and the model are loaded; `busy`: what
    else went on, "" on a quiet machine.
    """

    encode: float
    train: float
    start: float
    busy: str = ""


REFERENCE = Rates(encode=9_000.0, train=4_500.0, start=6.0)
"""MiniLM on two cores with AVX512_BF16: what stands in where only ratios to an earlier run matter."""


def measure(
    files: ModelFiles, texts: Sequence[str], settings: Train, seconds: float = 3.0, training: bool = True
) -> Rates:
    """Encode and, if `training`, train on `texts` for about `seconds` each, after a warm-up.

    The weights in memory change and are thrown away.  Raises MissingExtra without torch,
    ModelError where the base cannot be loaded.
    """
    from idiolect.runtimes.torch import TorchRuntime

    busy = _busy()
    began = time.perf_counter()
    runtime = TorchRuntime(files)
    start = time.perf_counter() - began
    tokens = runtime.tokens(list(texts) or ["An empty corpus."], "passage")
    encode = _rate(runtime.encode_tokens, tokens, _groups(tokens), seconds)
    del runtime
    if not training:
        return Rates(encode=encode, train=encode / 2, start=start, busy=busy)
    limit = min(settings.max_tokens, files.max_tokens)
    cut = [ids[:limit] for ids in tokens]
    train = _rate(_step(files, settings), cut, _groups(cut), seconds)
    return Rates(encode=encode, train=train, start=start, busy=busy)


def _rate(
    work: Callable[[Sequence[Any]], object],
    tokens: Sequence[Any],
    groups: Sequence[Sequence[int]],
    seconds: float,
) -> float:
    """Tokens a second of `work` over its fastest group of texts; looks for about `seconds`.

    The fastest, since what else a machine does for a moment would be taken for its speed.
    """
    work(tokens[:_WARM_UP])
    rates = []
    deadline = time.perf_counter() + seconds
    for group in groups:
        began = time.perf_counter()
        work([tokens[index] for index in group])
        taken = time.perf_counter() - began
        rates.append(sum(len(tokens[index]) for index in group) / max(taken, 1e-6))
        if time.perf_counter() > deadline:
            break
    return max(rates)


def _groups(tokens: Sequence[Any]) -> list[list[int]]:
    """Indices of texts of about equal length, `_GROUP_TOKENS` a group, the typical lengths first."""
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
    groups: list[list[int]] = [[]]
    for index in order:
        if sum(len(tokens[other]) for other in groups[-1]) >= _GROUP_TOKENS:
            groups.append([])
        groups[-1].append(index)
    middle = len(groups) / 2
    return sorted(groups, key=lambda group: abs(groups.index(group) - middle))


def _step(files: ModelFiles, settings: Train) -> Callable[[Sequence[Any]], object]:
    """A training step over texts' token ids, as the trainer sets model and machine up for it."""
    import torch

    from idiolect.runtimes.tokens import pad
    from idiolect.runtimes.torch import features_of, has_bfloat16
    from idiolect.training.hardware import keep_freed_memory
    from idiolect.training.trainer import load_for_training

    keep_freed_memory()
    model = load_for_training(files, settings.adapter).train()
    device = str(model.device)
    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=1e-9)

    def step(tokens: Sequence[Any]) -> object:
        ids, mask = (torch.from_numpy(array) for array in pad(tokens, 0))
        with torch.autocast(device.split(":")[0], dtype=torch.bfloat16, enabled=has_bfloat16(device)):
            vectors = model(features_of(ids, mask, device))["sentence_embedding"].float()
        loss = (vectors @ vectors.T).logsumexp(dim=1).sum()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()  # waits for a GPU

    return step


def _busy() -> str:
    """A warning where other processes want the processors as well."""
    cpus = available_cpus()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load < 0.5 * cpus:
        return ""
    return f"the machine was busy (load {load:.1f} on {cpus} CPUs): an idle one takes less time"
