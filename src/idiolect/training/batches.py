"""Training examples made batches: each distinct passage of a batch is encoded once, sorted by length."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from idiolect.mining.negatives import below
from idiolect.records import TrainingExample

_PADDED_TOKENS = 4096  # of one forward pass; larger ones cost memory without being faster on a CPU


@dataclass(frozen=True)
class Guide:
    """Vectors of the frozen base, float32 and unit length: what judges false negatives among in-batch passages.

    `related` are the chunks of each query's positive documents, and their duplicates: never its negatives.
    """

    queries: Mapping[str, np.ndarray]
    passages: Mapping[str, np.ndarray]
    related: Mapping[str, frozenset[str]]
    margin: float

    def masked(self, query_id: str, positive_id: str, passage_ids: Sequence[str]) -> np.ndarray:
        """bool [passages]: True where a passage must not count as a negative of the query."""
        vectors = np.stack([self.passages[identifier] for identifier in passage_ids])
        scores = vectors @ self.queries[query_id]
        ceiling = below(float(self.passages[positive_id] @ self.queries[query_id]), self.margin)
        known = self.related.get(query_id, frozenset())
        mask: np.ndarray = np.array([identifier in known for identifier in passage_ids]) | (scores >= ceiling)
        mask[passage_ids.index(positive_id)] = False
        return mask


@dataclass
class Collator:
    """Indices of examples → the tensors of one batch, as sentence-transformers' trainer hands them to a loss.

    Feature groups: `query_*`, then `passages{i}_*` for mini-batches of passages sorted by
    length; `label` holds, for B queries, C candidates at most and P passages:
    candidates int64 [B, C] (columns among the passages, -1 for none; the positive first),
    teacher float32 [B, C], masked bool [B, P], listwise bool [B].
    """

    examples: Sequence[TrainingExample]
    tokenize: Callable[[list[str], str], Mapping[str, torch.Tensor]]
    guide: Guide
    texts: Mapping[str, str]
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
        for name, values in self.tokenize([example.query for example in examples], "query").items():
            batch[f"query_{name}"] = values
        for number, group in enumerate(self._groups(identifiers)):
            for name, values in group.items():
                batch[f"passages{number}_{name}"] = values
        batch["label"] = self._labels(examples, identifiers)
        return batch

    def _groups(self, identifiers: Sequence[str]) -> list[dict[str, torch.Tensor]]:
        """Mini-batches of passages in order, each padded to its own longest."""
        features = self.tokenize([self.texts[identifier] for identifier in identifiers], "passage")
        lengths = features["attention_mask"].sum(dim=1).tolist()
        groups, start = [], 0
        while start < len(lengths):
            end, longest = start, 0
            while end < len(lengths):
                wider = max(longest, int(lengths[end]))
                if end > start and wider * (end + 1 - start) > _PADDED_TOKENS:
                    break
                longest, end = wider, end + 1
            groups.append(
                {
                    name: values[start:end, :longest]
                    for name, values in features.items()
                    if isinstance(values, torch.Tensor) and values.dim() == 2
                }
            )
            start = end
        return groups

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
            if example.objective == "contrastive":
                mask = self.guide.masked(example.query_id, example.positive.id, identifiers)
                mask[[columns[identifier] for identifier in own]] = False  # mined with the margin already
                masked[row] = torch.from_numpy(mask)
        listwise = torch.tensor([example.objective == "listwise" for example in examples])
        return {"candidates": candidates, "teacher": teacher, "masked": masked, "listwise": listwise}
