"""Guard sets, any BEIR folders: what a model that is tuned to one domain may not forget of others.

The queries that lower what is kept of the training do not judge the result: they are those of the
folder's dev split, else of its train split; where it has neither, one half of its test queries.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.selection import Encodes, Scores, measured
from idiolect.evaluation.verdict import Guard
from idiolect.records import Fusion

MOST_QUERIES = 300
"""Queries of one guard that select, at most."""


def selecting(folder: Path) -> Dataset:
    """The part of a guard that selects; without queries where those of its test are all of one document.

    Raises InputError as `load_dataset`.
    """
    for split in ("dev", "train"):
        if _has(folder, split):
            dataset = load_dataset(folder, split)
            return _only(dataset, sorted(dataset.queries, key=_draw)[:MOST_QUERIES])
    dataset = load_dataset(folder)
    return _only(dataset, _half(dataset))


def judging(folder: Path) -> Dataset:
    """The test queries of a guard without those that select.  Raises InputError as `load_dataset`."""
    dataset = load_dataset(folder)
    if _has(folder, "dev") or _has(folder, "train"):
        return dataset
    return _only(dataset, dataset.queries.keys() - _half(dataset))


class GuardJudge:
    """Says whether guards hold; `scores` remembers what each share scored, "0" being the base.

    `sets` maps their names to the part that selects.  Both sides of a comparison are fused alike.
    """

    def __init__(
        self,
        sets: Mapping[str, Dataset],
        fusion: Fusion,
        target: Literal["embedding", "retriever"],
        base: Encodes,
    ) -> None:
        self.sets = {name: replace(dataset, slices={}) for name, dataset in sets.items()}
        self.fusion = fusion
        self.kinds = ("dense",) if target == "embedding" else ("dense", "hybrid")
        self.scores: dict[str, Scores] = {"0": self._measure(base)}

    def falls(self, share: float, encoder: Encodes) -> list[Guard]:
        """The guards that fall too far where `share` of the change is kept, which `encoder` does."""
        base, found = self.scores["0"], self._measure(encoder)
        self.scores[f"{share:g}"] = found
        guards = [Guard(name=name, metric="ndcg@10", base=base[name], tuned=found[name]) for name in base]
        return [guard for guard in guards if guard.fails]

    def _measure(self, encoder: Encodes) -> Scores:
        return measured(self.sets, self.fusion, encoder, self.kinds).scores


def _half(dataset: Dataset) -> set[str]:
    """The test queries that select: queries of one document stay together."""
    clusters = sorted(set(dataset.clusters.values()), key=_draw)
    drawn = set(clusters[: len(clusters) // 2])
    return {query for query, cluster in dataset.clusters.items() if cluster in drawn}


def _draw(name: str) -> bytes:
    """A random order that is the same in every run, whatever its seed."""
    return hashlib.sha256(f"guard\0{name}".encode()).digest()


def _only(dataset: Dataset, kept: Collection[str]) -> Dataset:
    held = set(kept)
    return replace(
        dataset,
        queries={query: text for query, text in dataset.queries.items() if query in held},
        qrels={query: grades for query, grades in dataset.qrels.items() if query in held},
    )


def _has(folder: Path, split: str) -> bool:
    return (folder / "qrels" / f"{split}.tsv").is_file()
