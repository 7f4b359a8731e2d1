"""BM25 whose parameters and terms' weights are fitted to queries: what `sparse.py` measures."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import sparse

from idiolect.mining.lexical import BM25, analyser, word_pattern
from idiolect.mining.top import top
from idiolect.records import Fusion, Passage

OTHERS = 100
"""Passages that a query's own is set against."""

EPOCHS, BATCH, RATE = 8, 256, 0.05

Setting = tuple[bool, float | None, float | None]
"""k1, b and title fitted?  The strengths that hold `own`, and `shared`, towards 0; None: not fitted."""


class Counts:
    """How often each term stands in titles and in texts: sparse float32 [passages, terms]."""

    def __init__(self, passages: Sequence[Passage], extra: Sequence[Passage] = ()) -> None:
        """`extra` are rows after the corpus's that count for no idf or mean length."""
        self.terms = analyser("en")
        self.ids: dict[str, int] = {}
        self.size, self.passages = len(passages), [*passages, *extra]
        title, text = (self._counted(kind) for kind in ("title", "text"))
        width = len(self.ids)
        self.title, self.text = (
            sparse.csr_matrix(found, (len(self.passages), width), dtype=np.float32) for found in (title, text)
        )
        self.held = np.asarray((self.title[: self.size] + self.text[: self.size] > 0).sum(0)).ravel()
        self.idf = np.log(1 + (self.size - self.held + 0.5) / (self.held + 0.5)).astype(np.float32)
        self.title_length, self.text_length = (
            np.asarray(counts.sum(1), np.float32).ravel() for counts in (self.title, self.text)
        )

    def _counted(self, kind: str) -> tuple[list[int], tuple[list[int], list[int]]]:
        found = [
            (row, self.ids.setdefault(term, len(self.ids)), count)
            for row, passage in enumerate(self.passages)
            for term, count in Counter(self.terms(getattr(passage, kind))).items()
        ]
        return [f[2] for f in found], ([f[0] for f in found], [f[1] for f in found])

    def query(self, text: str) -> Counter[int]:
        return Counter(self.ids[term] for term in self.terms(text) if term in self.ids)

    @cached_property
    def features(self) -> np.ndarray:
        """float32 [terms, 9], standardised: rarity, digits, length, capitals, repetition, share in titles."""
        stem, ids, seen = analyser("en"), {}, np.zeros((3, len(self.ids)))
        for passage in self.passages[: self.size]:
            for word in word_pattern().findall(unicodedata.normalize("NFC", passage.full_text)):
                if word not in ids:
                    ids[word] = [self.ids[term] for term in stem(word)]
                for term in ids[word]:
                    seen[:, term] += 1, word[0].isupper(), len(word) > 1 and word.isupper()
        often, held = np.maximum(seen[0], 1), np.maximum(self.held, 1)
        columns = [
            self.idf,
            self.idf**2,
            [any(map(str.isdigit, term)) for term in self.ids],
            [term.isdigit() for term in self.ids],
            [np.log(1 + len(term)) for term in self.ids],
            seen[1] / often,
            seen[2] / often,
            np.log(often / held),
            np.asarray((self.title[: self.size] > 0).sum(0)).ravel() / held,
        ]
        rows = np.array(columns, np.float32).T
        common = rows[self.held > 1]
        return np.clip((rows - common.mean(0)) / (common.std(0) + 1e-6), -3, 3)


class Weighted(BM25):
    """BM25 with the k1, b, title's weight and terms' weights of a fit on other counts of the same language."""

    def __init__(self, counts: Counts, fit: "Fit") -> None:
        self.counts, self.size, weights = counts, counts.size, fit.weights()
        k1, b, title = fit.shape()
        found = (counts.text + title * counts.title).tocsc()
        length = counts.text_length + title * counts.title_length
        norm = (k1 * (1 - b + b * length / length.mean()))[found.indices]
        factors = counts.idf * np.array([weights.get(term, 1.0) for term in counts.ids], np.float32)
        found.data = found.data / (found.data + norm) * np.repeat(factors, np.diff(found.indptr))
        self.columns = found.astype(np.float32)

    def scores(self, query: str) -> np.ndarray:
        scores = np.zeros(self.size, np.float32)
        for term, count in self.counts.query(query).items():
            inside = slice(self.columns.indptr[term], self.columns.indptr[term + 1])
            scores[self.columns.indices[inside]] += count * self.columns.data[inside]
        return scores


@dataclass(frozen=True)
class Asked:
    """A training query, the row of its passage, and the columns that may answer it as well."""

    text: str
    row: int
    banned: set[int]


class Examples:
    """Padded tensors of queries [q, terms] and of their passages [q, 1 + OTHERS], the right one first."""

    def __init__(self, counts: Counts, bm25: BM25, asked: Sequence[Asked]) -> None:
        queries = [counts.query(one.text) for one in asked]
        shape = (len(asked), max(map(len, queries)))
        self.terms, self.repeats = torch.zeros(shape, dtype=torch.long), torch.zeros(shape)
        self.title, self.text = (torch.zeros(len(asked), 1 + OTHERS, shape[1]) for _ in range(2))
        self.title_length, self.text_length = (torch.zeros(len(asked), 1 + OTHERS) for _ in range(2))
        for at, (one, query) in enumerate(zip(asked, queries, strict=True)):
            best = top(bm25.scores(one.text), OTHERS + len(one.banned) + 1)
            others = [int(column) for column in best if column not in one.banned and column != one.row]
            rows, terms = [one.row, *others[:OTHERS]], list(query)
            self.terms[at, : len(terms)] = torch.tensor(terms, dtype=torch.long)
            self.repeats[at, : len(terms)] = torch.tensor([float(query[term]) for term in terms])
            for side in ("title", "text"):
                found = getattr(counts, side)[rows][:, terms].toarray()
                getattr(self, side)[at, :, : len(terms)] = torch.from_numpy(found)
                length = torch.from_numpy(getattr(counts, f"{side}_length")[rows])
                getattr(self, f"{side}_length")[at] = length

    def __len__(self) -> int:
        return len(self.terms)


class Fit(torch.nn.Module):
    """BM25's parameters: k1, b, the title's weight, and the log of each term's."""

    def __init__(self, counts: Counts, fusion: Fusion) -> None:
        super().__init__()
        self.terms = list(counts.ids)
        self.idf, self.features = torch.from_numpy(counts.idf), torch.from_numpy(counts.features)
        self.lengths = (
            float(counts.title_length[: counts.size].mean()),
            float(counts.text_length[: counts.size].mean()),
        )
        start = [np.log(fusion.k1), np.log(fusion.b / (1 - fusion.b)), 0.0]
        self.globals = torch.nn.Parameter(torch.tensor(start, dtype=torch.float32))
        self.own = torch.nn.Parameter(torch.zeros(len(counts.idf)))
        self.shared = torch.nn.Parameter(torch.zeros(counts.features.shape[1]))
        self.scale = torch.nn.Parameter(torch.zeros(()))

    def shape(self) -> tuple[float, float, float]:
        k1, b, title = self.globals.detach()
        return float(k1.exp()), float(b.sigmoid()), float(title.exp())

    def weights(self) -> dict[str, float]:
        """Term → what its idf is multiplied by."""
        with torch.no_grad():
            weights = (self.own + self.features @ self.shared).clamp(-3, 3).exp()
        return dict(zip(self.terms, weights.tolist(), strict=True))

    def loss(self, of: Examples, at: torch.Tensor) -> torch.Tensor:
        k1, b, title = self.globals[0].exp(), self.globals[1].sigmoid(), self.globals[2].exp()
        length = of.text_length[at] + title * of.title_length[at]
        norm = k1 * (1 - b + b * length / (self.lengths[1] + title * self.lengths[0]))
        found = of.text[at] + title * of.title[at]
        terms = of.terms[at]
        logs = (self.own[terms] + self.features[terms] @ self.shared).clamp(-3, 3)
        factors = self.idf[terms] * logs.exp() * of.repeats[at]
        scores = (found / (found + norm[..., None]) * factors[:, None]).sum(-1)
        return -torch.log_softmax(self.scale.exp() * scores, 1)[:, 0].mean()

    def run(self, of: Examples, setting: Setting, seed: int) -> None:
        shape, own, shared = setting
        fitted = {self.globals: shape, self.own: own is not None, self.shared: shared is not None}
        learnt = [parameter for parameter, wanted in fitted.items() if wanted]
        optimiser = torch.optim.Adam([*learnt, self.scale], lr=RATE)
        order = torch.Generator().manual_seed(seed)
        steps = EPOCHS * (len(of) // BATCH)
        schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.02, steps)
        for _ in range(EPOCHS):
            batches = torch.randperm(len(of), generator=order).split(BATCH)
            for at in batches[: len(of) // BATCH]:
                held = (own or 0.0) * self.own.square().sum() / len(of)
                held = held + (shared or 0.0) * self.shared.square().sum()
                optimiser.zero_grad()
                (self.loss(of, at) + held).backward()
                optimiser.step()
                schedule.step()
