"""Several models of one architecture made one: what `models merge` does, as a function."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.selection import measured
from idiolect.files import replacing
from idiolect.lifecycle.registry import is_reference, located
from idiolect.records import Fusion, Record
from idiolect.runtimes.likeness import refuse_other_shapes, refuse_unlike
from idiolect.runtimes.starting import starting_model

CURE = "merge models that were tuned from one base"

RELATED = 0.9
"""Cosine of two models' weights below which they seem not to be tuned from one base: then an average is of no use."""


class Merged(Record, frozen=True, kw_only=True):
    """`shares` are each model's part of the average, 0 where the greedy soup left it out; `cosine` is the
    least between the weights of two models; `score` is nDCG@10 of the greedy soup on its dev set."""

    models: list[str]
    shares: list[float]
    cosine: float
    score: float | None = None


def merge_models(
    models: Sequence[str], out: Path, shares: Sequence[float] = (), dev: Dataset | None = None
) -> Merged:
    """Write the weighted average of two models or more to `out`: a sentence-transformers directory.

    `models` are directories, bundles, registered or hub names; the first gives tokenizer and settings.  With
    `dev` a greedy soup is made: models join the best one, in the order of their own scores, where
    the average scores no less.  Raises ModelError where one cannot be had, or they differ in more
    than their weights.
    """
    import torch

    from idiolect.runtimes.torch import TorchRuntime, load
    from idiolect.training.merge import average, greedy

    files = [starting_model(str(located(model)) if is_reference(model) else model) for model in models]
    for other in files[1:]:
        refuse_unlike(files[0], other, CURE)
    merged = load(files[0].path)
    weights = [load(each.path, "cpu").state_dict() for each in files]
    for each, held in zip(files[1:], weights[1:], strict=True):
        refuse_other_shapes(files[0], weights[0], each, held, CURE)

    score = None
    parts = list(shares) or [1.0] * len(models)
    if dev is not None:

        def on_dev(held: Any) -> float:
            merged.load_state_dict(held)
            found = measured({"dev": dev}, Fusion(), TorchRuntime(files[0], merged), ("dense",))
            return found.scores["dev/dense"]

        chosen, score = greedy(weights, on_dev)
        parts = [float(number in chosen) for number in range(len(models))]
    merged.load_state_dict(average(weights, parts))
    with replacing(out) as folder:
        merged.save(str(folder), create_model_card=False)
    flat = [torch.cat([value.float().flatten() for value in held.values()]) for held in weights]
    cosines = [float(torch.cosine_similarity(a, b, dim=0)) for a, b in combinations(flat, 2)]
    return Merged(
        models=list(models),
        shares=[round(part / sum(parts), 4) for part in parts],
        cosine=round(min(cosines), 4),
        score=score,
    )
