"""How fast this machine encodes and trains, measured in seconds on a few of the corpus's own chunks."""

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from idiolect.config import Config, Train
from idiolect.errors import MissingExtra
from idiolect.records import Chunk, Record
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.teachers.roundtrip import ranks

MEASURED_STAGES = ("prepare", "train", "evaluate", "export")
"""Stages whose time is mostly encoding and training."""

_TEXTS = 128  # that rates are measured on
_GROUP_TOKENS = 2_048  # between two looks at the clock
_WARM_UP = 2  # texts
_BUSY = 0.5  # load a CPU
_SCALING = 0.75  # two threads are 1.7 times as fast as one
_WARNING = (
    "the machine was busy (load {load:.1f} on {cpus} CPUs): the figures are for an idle one, "
    "a busy one takes several times as long"
)


class Rates(Record, frozen=True, kw_only=True):
    """Tokens a second of the base model.

    `encode`: forward passes of whole chunks; `train`: forward, backward and AdamW of passages
    cut at train.max_tokens; `start`: seconds until torch and the model are loaded; `busy`: a
    warning where other processes wanted the processors, "" on a quiet machine.
    """

    encode: float
    train: float
    start: float
    busy: str = ""


REFERENCE = Rates(encode=9_000.0, train=4_500.0, start=6.0)
"""MiniLM on two cores with AVX512_BF16: what stands in where only ratios to an earlier run matter."""


def needed(
    sample: Sequence[Chunk], config: Config, files: ModelFiles, stages: Sequence[str], past: Collection[str]
) -> tuple[Rates | None, str]:
    """This machine's rates, the reference's where only ratios to the stages of the `past` count; and a note.

    None without torch.
    """
    unmeasured = [stage for stage in stages if stage in MEASURED_STAGES and stage not in past]
    if "generate" in stages and ranks(config.generate):
        unmeasured.append("generate")
    if not unmeasured:
        return REFERENCE, ""
    texts = [chunk.passage.full_text for chunk in sample[:_TEXTS]]
    try:
        rates = measure(files, texts, config.train, training="train" in unmeasured)
    except MissingExtra as error:
        return None, f"minutes unknown: {error}"
    trained = f", trains {rates.train:,.0f}" if "train" in unmeasured else ""
    note = f"measured just now: {files.name} encodes {rates.encode:,.0f} tokens a second{trained}"
    return rates, f"{note}; {rates.busy}" if rates.busy else note


def measure(
    files: ModelFiles, texts: Sequence[str], settings: Train, seconds: float = 3.0, training: bool = True
) -> Rates:
    """Encode and, if `training`, train on `texts` for about `seconds` each, after a warm-up.

    The weights in memory change and are thrown away.  Raises MissingExtra without torch,
    ModelError where the base cannot be loaded.
    """
    from idiolect.runtimes.torch import TorchRuntime

    began = time.perf_counter()
    runtime = TorchRuntime(files)
    start = time.perf_counter() - began
    tokens = runtime.tokens(list(texts) or ["An empty corpus."], "passage")
    with undisturbed(runtime.device) as (factor, busy):
        encode = factor * _rate(runtime.encode_tokens, tokens, _groups(tokens), seconds)
        train = encode / 2
        del runtime
        if training and settings.adapter != "linear":
            limit = min(settings.max_tokens, files.max_tokens)
            cut = [ids[:limit] for ids in tokens]
            train = factor * _rate(_step(files, settings), cut, _groups(cut), seconds)
    return Rates(encode=encode, train=train, start=start, busy=busy)


@contextlib.contextmanager
def undisturbed(device: str) -> Iterator[tuple[float, str]]:
    """Work with one thread where other processes want the processors as well: threads that wait for one
    another are slowed down many times over then.  Yields the factor from one thread's speed to that of
    all on an idle machine, and a warning; 1 and "" where nothing disturbs.
    """
    import torch

    threads, cpus = torch.get_num_threads(), available_cpus()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if not device.startswith("cpu") or load < _BUSY * cpus or threads == 1:
        yield 1.0, ""
        return
    torch.set_num_threads(1)
    try:
        yield threads**_SCALING, _WARNING.format(load=load, cpus=cpus)
    finally:
        torch.set_num_threads(threads)


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
    optimiser = torch.optim.AdamW(
        [one for one in model.parameters() if one.requires_grad], lr=1e-9, fused=True
    )

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
