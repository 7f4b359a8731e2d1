"""Training examples made batches: each distinct passage of a batch is encoded once, sorted by length."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from idiolect.records import TrainingExample
from idiolect.training.guides import Guide
from idiolect.training.objectives.base import LEXICAL, MASKED, WEIGHT


@dataclass
class Collator:
    """Indices of examples → the tensors of one batch, as sentence-transformers' trainer hands them to a loss.

    Feature groups: `queries{i}_*` in order, then `passages{i}_*` sorted by length; with a
    `micro_batch` each of so many texts, without one the queries together and passages up to
    `group_tokens`, padding included.  `label` holds, for B queries, C candidates at most and P passages:
    query int64 [B] (equal for examples of one query), listwise bool [B], candidates int64 [B, C]
    (columns among the passages, -1 for none; the positive first), teacher float32 [B, C] (NaN
    where the teacher says nothing), weight float32 [B], masked bool [B, P]; and, where `needs` names "lexical", for
    D dimensions: lexical float32 [B, P], dense_mean and dense_deviation float32 [B, D], as
    `hybrid.Hybrid` gives them for written queries.
    """

    examples: Sequence[TrainingExample]
    tokenize: Callable[[list[str], str], Mapping[str, torch.Tensor]]
    guide: Guide
    texts: Mapping[str, str]
    needs: Collection[str] = (MASKED,)
    micro_batch: int = 0
    group_tokens: int = 4096
    valid_label_columns: list[str] = field(default_factory=lambda: ["label"])

    def __call__(self, rows: Sequence[Mapping[str, int]]) -> dict[str, Any]:
        examples = [self.examples[row["example"]] for row in rows]
        identifiers = list(
            dict.fromkeys(
                identifier
                for example in examples
                for identifier in (example.positive.id, *(negative.id for negative in example.negatives))
            )
        )
        identifiers.sort(key=lambda identifier: (len(self.texts[identifier]), identifier))
        batch: dict[str, Any] = {}
        queries = self.tokenize([example.query for example in examples], "query")
        passages = self.tokenize([self.texts[identifier] for identifier in identifiers], "passage")
        for kind, groups in (("queries", self._slices(queries)), ("passages", self._groups(passages))):
            for number, group in enumerate(groups):
                for name, values in group.items():
                    batch[f"{kind}{number}_{name}"] = values
        batch["label"] = self._labels(examples, identifiers)
        return batch

    def _slices(self, features: Mapping[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        """`micro_batch` texts a group, each padded to its own longest; one group of all where it is 0."""
        if not self.micro_batch:
            return [dict(features)]
        lengths = _lengths(features)
        return [
            _cut(features, start, start + self.micro_batch, max(lengths[start : start + self.micro_batch]))
            for start in range(0, len(lengths), self.micro_batch)
        ]

    def _groups(self, features: Mapping[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        """Mini-batches of passages in order, each padded to its own longest."""
        if self.micro_batch:
            return self._slices(features)
        lengths = _lengths(features)
        return [
            _cut(features, start, end, max(lengths[start:end]))
            for start, end in grouped(lengths, self.group_tokens)
        ]

    def _labels(
        self, examples: Sequence[TrainingExample], identifiers: Sequence[str]
    ) -> dict[str, torch.Tensor]:
        columns = {identifier: column for column, identifier in enumerate(identifiers)}
        width = 1 + max(len(example.negatives) for example in examples)
        candidates = torch.full((len(examples), width), -1, dtype=torch.long)
        teacher = torch.zeros((len(examples), width))
        masked = torch.zeros((len(examples), len(identifiers)), dtype=torch.bool)
        for row, example in enumerate(examples):
            own = [example.positive.id, *(negative.id for negative in example.negatives)]
            candidates[row, : len(own)] = torch.tensor([columns[identifier] for identifier in own])
            teacher[row, : len(own)] = torch.tensor(example.teacher_scores, dtype=torch.float32)
            if example.objective == "contrastive" and MASKED in self.needs:
                masked[row] = torch.from_numpy(self.guide.masked(example.query_id, own, identifiers))
        numbers = {example.query_id: number for number, example in enumerate(examples)}
        labels = {
            "query": torch.tensor([numbers[example.query_id] for example in examples]),
            "listwise": torch.tensor([example.objective == "listwise" for example in examples]),
            "candidates": candidates,
            "teacher": teacher,
            WEIGHT: torch.tensor([example.weight for example in examples], dtype=torch.float32),
            MASKED: masked,
        }
        return labels | self._lexical(examples, identifiers) if LEXICAL in self.needs else labels

    def _lexical(
        self, examples: Sequence[TrainingExample], identifiers: Sequence[str]
    ) -> dict[str, torch.Tensor]:
        hybrid = self.guide.hybrid
        if hybrid is None:
            raise ValueError("an objective needs the lexical side: the guide must hold a Hybrid")
        sizes = hybrid.dimensions
        lexical = np.zeros((len(examples), len(identifiers)), np.float32)
        scale = np.full((2, len(examples), len(sizes)), [[[0.0]], [[1.0]]], np.float32)
        for row, example in enumerate(examples):
            if example.objective == "contrastive":
                lexical[row] = hybrid.lexical(example.query_id, identifiers)
                scale[:, row] = np.transpose([hybrid.dense_scale(example.query_id, size) for size in sizes])
        mean, deviation = torch.from_numpy(scale)
        return {LEXICAL: torch.from_numpy(lexical), "dense_mean": mean, "dense_deviation": deviation}


def grouped(lengths: Sequence[int], tokens: int) -> list[tuple[int, int]]:
    """Stretches of texts in order, each of at most so many tokens when padded to its longest, or of one text."""
    groups, start = [], 0
    while start < len(lengths):
        end, longest = start, 0
        while end < len(lengths):
            wider = max(longest, lengths[end])
            if end > start and wider * (end + 1 - start) > tokens:
                break
            longest, end = wider, end + 1
        groups.append((start, end))
        start = end
    return groups


def _lengths(features: Mapping[str, torch.Tensor]) -> list[int]:
    return [int(length) for length in features["attention_mask"].sum(dim=1)]


def _cut(features: Mapping[str, torch.Tensor], start: int, end: int, longest: int) -> dict[str, torch.Tensor]:
    return {
        name: values[start:end, :longest]
        for name, values in features.items()
        if isinstance(values, torch.Tensor) and values.dim() == 2
    }
