"""What benchmarks of training share: people's queries that judge, a training whose end is judged, and its table."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from idiolect.config import Train
from idiolect.evaluation.beir import Dataset, load_dataset, read_qrels
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.retrieval import retrieve
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Silent
from idiolect.records import Fusion, TrainingExample
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.context import Context
from idiolect.stages.dev_pool import pool
from idiolect.stages.encoders import base_files
from idiolect.stages.guiding import trained_dimensions
from idiolect.stages.train import guide_of, texts_of
from idiolect.training.checkpoints import Checkpoints
from idiolect.training.trainer import load_for_training, train

Scores = tuple[float, float]
"""nDCG@10 of dense search, and of hybrid search at the documented fusion weight."""


class HumanDev:
    """A split of a BEIR folder without the queries that share a relevant document with a test query.

    The test's qrels are read for that alone.  About `passages` of the corpus are ranked, all that
    are judged among them.
    """

    def __init__(self, folder: Path, split: str, passages: int, encoder: CachedEncoder) -> None:
        dataset = without_tested(load_dataset(folder, split), folder)
        whole = list(dataset.corpus.values())
        vectors = encoder.encode([passage.full_text for passage in whole], "passage")
        self.dataset = pool(dataset, Corpus(whole, vectors, Fusion()), encoder, passages, 13, Silent())

    def score(self, encoder: TorchRuntime) -> Scores:
        dataset = self.dataset
        passages = list(dataset.corpus.values())
        vectors = np.asarray(encoder.encode([passage.full_text for passage in passages], "passage"))
        asked = np.asarray(encoder.encode(list(dataset.queries.values()), "query"))
        runs = retrieve(dataset, Corpus(passages, vectors, Fusion()), asked, ("dense", "hybrid"))
        dense, hybrid = (
            aggregate(runs[kind].values, list(dataset.queries))["ndcg@10"] for kind in ("dense", "hybrid")
        )
        return dense, hybrid


def without_tested(dataset: Dataset, folder: Path) -> Dataset:
    tested = {
        document for grades in read_qrels(folder / "qrels" / "test.tsv").values() for document in grades
    }
    queries = {
        query: text for query, text in dataset.queries.items() if not tested & set(dataset.qrels[query])
    }
    return replace(
        dataset,
        queries=queries,
        qrels={query: dataset.qrels[query] for query in queries},
        clusters={query: dataset.clusters[query] for query in queries},
        slices={query: dataset.slices[query] for query in queries},
    )


def final_model(
    context: Context, settings: Train, examples: Sequence[TrainingExample], seed: int, root: Path
) -> TorchRuntime:
    """A model trained to its last step, all of the change kept: no dev score chooses anything."""
    files = base_files(context)
    student = load_for_training(files, settings.adapter, settings.lora_rank)
    later = count(1)  # each checkpoint "better" than the one before: the last one is kept
    train(
        student,
        files,
        examples,
        guide_of(context, examples),
        texts_of(examples),
        settings,
        trained_dimensions(settings, files),
        seed,
        Checkpoints(root, "bench"),
        lambda _: float(next(later)),
        Silent(),
    )
    return TorchRuntime(files, student)


def table(rows: Mapping[str, Sequence[Scores]], reference: str) -> str:
    """A line for each row: the mean of its scores over the seeds, and each difference to those of `reference`."""
    width = max(map(len, rows))
    lines = []
    for name, found in rows.items():
        sides = [_gain(kind, side, found, rows[reference]) for side, kind in enumerate(("dense", "hybrid"))]
        lines.append(f"{name:{width}}" + "".join(sides))
    return "\n".join(lines)


def _gain(kind: str, side: int, found: Sequence[Scores], reference: Sequence[Scores]) -> str:
    gains = [with_it[side] - without[side] for with_it, without in zip(found, reference, strict=True)]
    each = ", ".join(f"{gain:+.4f}" for gain in gains)
    mean = statistics.mean(row[side] for row in found)
    share = statistics.mean(gains) / statistics.mean(row[side] for row in reference)
    return f"  {kind} {mean:.4f} ({statistics.mean(gains):+.4f}, {share:+.1%}: {each})"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
