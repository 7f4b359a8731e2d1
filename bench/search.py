"""What each way of finding costs and finds: nDCG@10, recall against exact search, latency and bytes per vector.

    python bench/search.py BUNDLE --beir DIR/scifact [--split test] [--grow 1000000] [--uri URI] [--queries 100]

The corpus is indexed by BUNDLE, and searched with each kind of candidates in turn, dense and hybrid, with each query's
encoding in its time.  `--grow` adds vectors, up to that number: points between two chunks' vectors, a tenth to half of
the way, with a little noise; their texts are words of both.  They answer no query, and stand closer to the corpus than
strangers would.  Recall is of the ten nearest by whole vectors, over `--queries` of the split's queries.

`--split train` is where `oversample` is chosen; test is reported.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
from _human_dev import say

from idiolect.evaluation.beir import load_dataset
from idiolect.evaluation.labels import LabelledQuery
from idiolect.index import judging
from idiolect.index.searching import Searcher
from idiolect.index.store import WHOLE, Batch, Candidates, Entry, Indexed, Key, Store
from idiolect.index.stores.opening import open_store
from idiolect.indexing import index, open_searcher
from idiolect.mining.lexical import analyser
from idiolect.progress import Silent
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.encoder import unit
from idiolect.runtimes.opening import open_encoder

KINDS = {
    "whole": WHOLE,
    "192": Candidates(dimension=192),
    "128": Candidates(dimension=128),
    "64": Candidates(dimension=64),
    "64, 16 times": Candidates(dimension=64, oversample=16),
    "int8": Candidates(precision="int8"),
    "binary": Candidates(precision="binary"),
    "binary, 16 times": Candidates(precision="binary", oversample=16),
}
PIECE = 10_000
DEPTH = 10


def grown(store: Store, count: int, seed: int = 13) -> int:
    """Add points between chunks until there are `count`; how many chunks are the corpus's own."""
    reader = store.read()
    indexed = msgspec.structs.replace(reader.indexed, candidates=WHOLE)
    rows = reader.sample(indexed.chunks)
    entries, vectors = reader.entries(rows), reader.vectors(rows)
    keep = {entry.key for entry in entries}
    with store.writing():
        _fill(store, indexed, entries, vectors, keep, count, seed)
        store.commit(indexed, keep)
    return len(entries)


def _fill(
    store: Store,
    indexed: Indexed,
    entries: list[Entry],
    vectors: np.ndarray,
    keep: set[Key],
    count: int,
    seed: int,
) -> None:
    terms = analyser(indexed.fusion.language)
    words = [entry.text.split() for entry in entries]
    for start in range(len(entries), count, PIECE):
        size = min(PIECE, count - start)
        random = np.random.default_rng((seed, start))
        first, second = random.integers(0, len(entries), (2, size))
        share = random.uniform(0.1, 0.5, (size, 1)).astype(np.float32)
        noise = random.standard_normal((size, indexed.dimension)).astype(np.float32) / indexed.dimension**0.5
        between = unit((1 - share) * vectors[first] + share * vectors[second] + 0.1 * noise)
        batch = [
            _between(start + place, words[one], words[other], random)
            for place, (one, other) in enumerate(zip(first.tolist(), second.tolist(), strict=True))
        ]
        counts = [Counter(terms(entry.full_text)) for entry in batch]
        store.put(Batch(batch, between, counts), indexed.model_digest)
        keep |= {entry.key for entry in batch}


def _between(number: int, first: list[str], second: list[str], random: np.random.Generator) -> Entry:
    words = [*random.choice(first, 20), *random.choice(second, 10)]
    return Entry(
        id=f"grown#{number}",
        document_id=f"grown-{number}",
        position=0,
        path="grown",
        title="",
        text=" ".join(words),
        start=0,
        end=0,
        tags=[],
        digest=str(number),
    )


def committed(store: Store, candidates: Candidates) -> float:
    """Seconds until the store finds candidates so."""
    started = time.perf_counter()
    reader = store.read()
    keep = store.held(reader.indexed.model_digest)
    store.commit(msgspec.structs.replace(reader.indexed, candidates=candidates), keep)
    return time.perf_counter() - started


def recall(searcher: Searcher, encoder: TextEncoder, texts: list[str]) -> float:
    shares = []
    for vector in encoder.encode(texts, "query"):
        found, exact = (searcher.reader.dense(vector, DEPTH, exact=how).rows for how in (False, True))
        shares.append(np.isin(exact, found).mean())
    return float(np.mean(shares))


def measured(searcher: Searcher, labels: list[LabelledQuery], mode: str) -> dict[str, float]:
    """nDCG@10 by documents, and milliseconds of searches for ten chunks."""
    texts = {label.id: label.text for label in labels}
    for text in list(texts.values())[:20]:
        searcher.rank(text, DEPTH, mode)
    timed = judging.ask(texts, lambda text: searcher.rank(text, DEPTH, mode), Silent())
    asked = judging.ask(texts, lambda text: searcher.rank(text, DEPTH, mode, unit="document"), Silent())
    latency = judging.Latency.of(timed.seconds)
    return {"ndcg@10": judging.measured(asked, labels)["ndcg@10"], "p50": latency.p50, "p95": latency.p95}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--beir", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--grow", type=int, default=0)
    parser.add_argument("--uri")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    dataset = load_dataset(given.beir, given.split)
    labels = [
        LabelledQuery(id=id, text=text, judged=dataset.qrels[id]) for id, text in dataset.queries.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        uri = given.uri or f"{folder}/store"
        index(given.bundle, given.beir / "corpus.jsonl", uri, Silent())
        store, encoder = open_store(uri), open_encoder(given.bundle)
        if given.grow:
            started = time.perf_counter()
            own = grown(store, given.grow)
            say(f"{own:,} chunks grown to {given.grow:,} in {time.perf_counter() - started:.0f} s")
        figures = {}
        say("candidates        bytes  commit s  recall  mode     nDCG@10    p50 ms    p95 ms")
        for kind in given.kinds:
            seconds = committed(store, KINDS[kind])
            searcher = open_searcher(uri, given.bundle)
            size = KINDS[kind].bytes_per_vector(searcher.indexed.dimension)
            share = recall(searcher, encoder, list(dataset.queries.values())[: given.queries])
            figures[kind] = {"bytes": size, "commit": seconds, "recall": share}
            for mode in ("dense", "lexical", "hybrid") if kind == given.kinds[0] else ("dense", "hybrid"):
                values = figures[kind][mode] = measured(searcher, labels, mode)
                say(
                    f"{kind:16} {size:6} {seconds:9.1f} {share:7.3f}  {mode:8} {values['ndcg@10']:.4f} "
                    f"{values['p50']:9.1f} {values['p95']:9.1f}"
                )
        if given.out:
            given.out.write_text(json.dumps(figures, indent=2))
        whole = figures[given.kinds[0]]
        for kind in given.kinds[1:]:
            ratio = median(figures[kind][mode]["p50"] / whole[mode]["p50"] for mode in ("dense", "hybrid"))
            size = figures[kind]["bytes"] / whole["bytes"]
            say(f"{kind} against {given.kinds[0]}: {size:.2f} of the bytes, {ratio:.2f} of the time")


if __name__ == "__main__":
    main()
