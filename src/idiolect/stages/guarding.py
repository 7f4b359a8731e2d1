"""What train does with guards: the share that dev likes best is lowered until none of them falls too far."""

from collections.abc import Callable
from pathlib import Path

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.guards import GuardJudge, selecting
from idiolect.evaluation.selection import DevJudge, Encodes, Measured, Scores
from idiolect.evaluation.wording import listed, percent
from idiolect.evaluation.wording import share as shown
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion
from idiolect.stages.context import Context
from idiolect.stages.dev_pool import pool
from idiolect.stages.encoders import base_encoder, encode

FINER = 0.125
"""The share that is tried besides where the smallest of the others does not hold."""


def choose_guarded(
    context: Context, judge: DevJudge, curve: dict[float, Measured], kept: Callable[[float], Encodes]
) -> tuple[float, dict[str, Scores]]:
    """The share that dev likes best among those at which all guards hold, and the guards' scores.

    `kept` is the encoder that keeps a share of the change.  A share at which a guard falls too far rules
    out those above it; where none is left but the base, FINER is added to `curve` and tried.  Without
    guards dev alone chooses.  Raises InputError for a guard that cannot be read.
    """
    share = judge.choose(curve)
    if not share or not context.config.evaluate.guard:
        return share, {}
    guards = GuardJudge(
        _sets(context, judge.fusion), judge.fusion, context.config.train.target, base_encoder(context)
    )
    while share:
        fallen = guards.falls(share, kept(share))
        if not fallen:
            break
        names = listed([f"{guard.name} ({percent(guard.relative)})" for guard in fallen])
        context.progress.note(f"with {shown(share)} of the change the guard falls on {names}: less is tried")
        lower = {other: found for other, found in curve.items() if other < share}
        if len(lower) == 1 and share > FINER:
            lower[FINER] = curve[FINER] = judge.measure(kept(FINER))
        share = judge.choose(lower)
    return share, guards.scores


def _sets(context: Context, fusion: Fusion) -> dict[str, Dataset]:
    """The part of each guard that selects, over a pool of its corpus; by name, or by path where two share one."""
    sets: dict[str, Dataset] = {}
    encoder, progress = base_encoder(context), context.progress
    for folder in context.config.evaluate.guard:
        dataset = selecting(Path(folder))
        if not dataset.queries:
            progress.note(f"guard {folder}: its test queries are all of one document, so that it only judges")
            continue
        passages = list(dataset.corpus.values())
        texts = [passage.full_text for passage in passages]
        vectors = encode(encoder, texts, "passage", progress, f"guard {dataset.name}: encoding passages")
        corpus = Corpus(passages, vectors, fusion)
        size = context.config.prepare.dev_corpus
        part = pool(dataset, corpus, encoder, size, context.config.seed, progress)
        sets[folder if dataset.name in sets else dataset.name] = part
    return sets
