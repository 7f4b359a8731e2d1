"""Real texts to draw windows from, with all that detectors take: measured once, drawn from many times."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.config import load
from idiolect.estimates.corpus import sample_corpus
from idiolect.lifecycle.drift.nearest import Pool, nearest
from idiolect.lifecycle.drift.samples import Measured, Pooled, Text, distinct, pooled
from idiolect.lifecycle.drift.traits import Vocabulary, language, lengths, script, subwords
from idiolect.runtimes.model_files import load_tokenizer
from idiolect.runtimes.starting import starting_model
from idiolect.runtimes.torch import TorchRuntime

CHUNKS = 4_000
EACH = 4
"""Chunks of a document at most: a window of few documents tells little, whatever the detector."""

TRAINED = 3
"""One document (or query) of so many is what was trained on; windows are drawn of the others."""


@dataclass(frozen=True)
class Material:
    """`own`: groups of row numbers that windows are drawn of, `foreign`: of what is injected; all rows of `held`."""

    held: Measured
    own: list[list[int]]
    foreign: list[list[int]]

    def windows(self, sizes: Sequence[int], injected: float, rng: np.random.Generator) -> list[list[int]]:
        """Windows of so many rows, of different groups; a share of the last one is foreign."""
        order, strange = list(rng.permutation(len(self.own))), list(rng.permutation(len(self.foreign)))
        found = []
        for place, size in enumerate(sizes):
            alien = round(injected * size) if place == len(sizes) - 1 else 0
            rows = _taken(self.foreign, strange, alien) + _taken(self.own, order, size - alien)
            found.append(rows)
        return found

    def pooled(self, reference: Sequence[int], current: Sequence[int]) -> Pooled:
        return pooled(self._of(reference), self._of(current))

    def _of(self, rows: Sequence[int]) -> Measured:
        held, places = self.held, np.array(rows)
        return Measured(
            [held.texts[row] for row in rows],
            held.vectors[places],
            {name: values[places] for name, values in held.numbers.items()},
            {name: [values[row] for row in rows] for name, values in held.classes.items()},
        )


def _taken(groups: list[list[int]], order: list[int], count: int) -> list[int]:
    rows: list[int] = []
    while len(rows) < count:
        rows += groups[order.pop()][: count - len(rows)]
    return rows


def documents(data: Path, seed: int) -> Material:
    """OpenTelemetry's documentation, chunked; SciFact's abstracts are injected."""
    config, files = load(None, []), starting_model("auto")
    sample = sample_corpus(data / "opentelemetry", config.ingest, files, seed, CHUNKS, 300.0)
    chunks = distinct([Text(text=one.passage.full_text, group=one.document_id) for one in sample.chunks])
    held: dict[str, list[Text]] = {}
    for text in chunks:
        held.setdefault(text.group, []).append(text)
    own = [text for texts in held.values() for text in texts[:EACH]]
    names = list(dict.fromkeys(text.group for text in own))
    chosen = np.random.default_rng(seed).permutation(len(names))[: len(names) // TRAINED]
    known = {names[place] for place in chosen}
    foreign = [
        Text(text=f"{line['title']} {line['text']}", group=line["_id"])
        for line in _lines(data / "scifact" / "corpus.jsonl")[:600]
    ]
    trained = [text for text in own if text.group in known]
    return _material("passage", trained, trained, [text for text in own if text.group not in known], foreign)


def queries(data: Path, seed: int) -> Material:
    """SciFact's claims against queries that an LLM wrote for it; CoSQA's questions on code are injected."""
    passages = [
        Text(text=f"{line['title']} {line['text']}", group=line["_id"])
        for line in _lines(data / "scifact" / "corpus.jsonl")[:1_000]
    ]
    written = [Text(text=line["query"]) for line in _lines(data / "scifact-llm" / "queries.jsonl")[:1_000]]
    asked = [Text(text=line["text"]) for line in _lines(data / "scifact" / "queries.jsonl")]
    foreign = [Text(text=line["text"]) for line in _lines(data / "cosqa" / "queries.jsonl")]
    return _material("query", passages, distinct(written), distinct(asked), distinct(foreign))


def _material(kind, passages, trained, own, foreign) -> Material:
    files = starting_model("auto")
    runtime, tokenizer = TorchRuntime(files), load_tokenizer(files.path)

    def encoded(texts, kind):
        return runtime.encode([text.text for text in texts], kind)

    texts = [*own, *foreign]
    vectors = encoded(texts, kind)
    pool = Pool(encoded(passages, "passage"), [text.group for text in passages])
    best, vocabulary = nearest(vectors, pool), Vocabulary(passages)
    covered = best
    numbers = {"length": lengths(texts), "subwords": subwords(texts, tokenizer)}
    if kind == "query":
        covered = nearest(vectors, Pool(encoded(trained, "query"), [text.text for text in trained]))
        numbers |= {"top_score": best.score, "margin": best.margin}
    numbers |= {
        "unknown_words": np.array([vocabulary.unknown(text) for text in texts]),
        "uncovered": covered.score,
    }
    classes = {
        "language": [language(text.text) for text in texts],
        "script": [script(text.text) for text in texts],
    }
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        groups.setdefault(text.group or f"text {row}", []).append(row)
    rows = list(groups.values())
    return Material(
        Measured(texts, vectors, numbers, classes),
        [one for one in rows if one[0] < len(own)],
        [one for one in rows if one[0] >= len(own)],
    )


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
