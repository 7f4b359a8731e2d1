"""What term weights fitted to the domain are worth to BM25 and to hybrid search with the untuned base.

    python bench/sparse.py WORK --beir scifact --split train [--fusion .5 1.2 .75] [--seeds 13 14 15]

A term's idf is multiplied by exp(own + features · shared): `own` is a weight for each term that training
queries hold, `shared` weighs what is known of any term, so that no query needs a model.  Both are fitted by a
softmax over each training query's passage and BM25's best others, held towards 0 with a strength that WORK's dev
queries choose by nDCG@10 of hybrid search over all chunks.  Training queries are nine in ten (the seed's draw) of
an LLM's in WORK after `prepare`; in a WORK after `ingest`, the seed's pseudo-queries, their passages without them,
and the first 300 are dev.  Without `--fusion` masked queries choose it, as `prepare` has them do.

The BEIR folder's split judges, without queries that share a relevant document with a test query: documents whole
("whole"), and chunks of which a document's best counts ("chunks").
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
from _human_dev import _without_tested, say
from _term_weights import Asked, Counts, Examples, Fit, Setting, Weighted

from idiolect.config import load
from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.retrieval import retrieve
from idiolect.evaluation.significance import compare
from idiolect.files import read_jsonl
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.lexical import BM25
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.mining.weighting import LEXICAL_SETTINGS, choose_weight
from idiolect.records import Chunk, Fusion, Query, Split
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder
from idiolect.teachers.extractive import masked_queries
from idiolect.workspace import Workspace

DEV, PSEUDO = 300, 2_500
SETTINGS: dict[str, list[Setting]] = {
    "k1, b and title's weight": [(True, None, None)],
    "terms' own weights": [(False, own, None) for own in (1.0, 3.0, 10.0)],
    "weights by features": [(False, None, shared) for shared in (0.001, 0.03)],
    "own and by features": [(False, own, 0.03) for own in (3.0, 10.0)],
}
"""Name → the settings that dev chooses from."""

Values = dict[str, float]


@dataclass(frozen=True)
class Judged:
    """Queries and the passages that they are ranked over, with vectors; `owners` are those of chunks."""

    dataset: Dataset
    asked: np.ndarray
    vectors: np.ndarray
    counts: Counts
    owners: Sequence[str] | None = None

    def scores(self, bm25: BM25, fusion: Fusion) -> dict[str, Values]:
        """bm25 and hybrid → query → nDCG@10"""
        corpus = Corpus(self.counts.passages, self.vectors, fusion, bm25)
        runs = retrieve(self.dataset, corpus, self.asked, ("bm25", "hybrid"), owners=self.owners)
        return {kind: run.metric("ndcg@10") for kind, run in runs.items()}


class Work:
    """Chunks of a WORK with their vectors, and what it has to fit on and to choose by."""

    def __init__(self, folder: Path) -> None:
        context = Context(Workspace(folder), load(None, []))
        self.encoder: CachedEncoder = base_encoder(context)
        self.chunks = list(read_jsonl(context.workspace.chunks, Chunk))
        self.passages = [chunk.passage for chunk in self.chunks]
        self.vectors = self.encoder.encode([passage.full_text for passage in self.passages], "passage")
        self.counts = Counts(self.passages)
        self.columns = {chunk.id: column for column, chunk in enumerate(self.chunks)}
        self.same = saying_the_same(self.chunks)
        self.documents: dict[str, set[int]] = defaultdict(set)
        for column, chunk in enumerate(self.chunks):
            self.documents[chunk.document_id].add(column)
        self.written: dict[str, list[Query]] = defaultdict(list)
        if context.workspace.splits.exists():
            split = {row.query_id: row.split for row in read_jsonl(context.workspace.splits, Split)}
            for query in read_jsonl(context.workspace.queries, Query):
                self.written[split.get(query.id, "")].append(query)

    def queries(self, seed: int) -> tuple[list[Query], list[Query]]:
        """To fit on, and dev."""
        if self.written:
            train = sorted(self.written["train"], key=lambda query: query.id)
            return random.Random(seed).sample(train, len(train) * 9 // 10), self.written["dev"]
        pseudo = masked_queries(self.chunks, DEV + PSEUDO, seed, "en")
        return pseudo[DEV:], pseudo[:DEV]

    def fusion(self, seed: int) -> Fusion:
        masked = masked_queries(self.chunks, DEV, seed, "en")
        return choose_weight(
            self.chunks, self.vectors, masked, (), Fusion(), self.encoder, LEXICAL_SETTINGS
        ).fusion

    def examples(self, train: Sequence[Query], fusion: Fusion) -> tuple[Counts, Examples]:
        masked = masked_passages(self.chunks, train)
        rows = {name: len(self.passages) + at for at, name in enumerate(masked)}
        counts = Counts(self.passages, list(masked.values())) if masked else self.counts
        asked = list(self._asked(train, rows))
        bm25 = BM25([passage.full_text for passage in self.passages], fusion)
        return counts, Examples(counts, bm25, asked)

    def _asked(self, queries: Sequence[Query], rows: Mapping[str, int]) -> Iterator[Asked]:
        for query in queries:
            banned = {self.columns[copy] for name in query.positives for copy in self.same[name]}
            for name in query.positives:
                banned |= self.documents[self.chunks[self.columns[name]].document_id]
            for name in query.positives:
                yield Asked(query.text, rows.get(name, self.columns[name]), banned)

    def dev(self, queries: Sequence[Query]) -> Judged:
        changed = masked_passages(self.chunks, queries)
        passages, vectors = with_masks(self.chunks, changed), self.vectors.copy()
        if changed:
            texts = [passage.full_text for passage in changed.values()]
            vectors[[self.columns[name] for name in changed]] = self.encoder.encode(texts, "passage")
        texts = {query.id: query.text for query in queries}
        qrels = {q.id: {copy: 1 for name in q.positives for copy in self.same[name]} for q in queries}
        dataset = Dataset("dev", "dev", {passage.id: passage for passage in passages}, texts, qrels)
        asked = self.encoder.encode(list(texts.values()), "query")
        return Judged(dataset, asked, vectors, Counts(passages) if changed else self.counts)

    def people(self, dataset: Dataset) -> dict[str, Judged]:
        whole = list(dataset.corpus.values())
        vectors = self.encoder.encode([passage.full_text for passage in whole], "passage")
        asked = self.encoder.encode(list(dataset.queries.values()), "query")
        owners = [chunk.document_id for chunk in self.chunks]
        return {
            "whole": Judged(dataset, asked, vectors, Counts(whole)),
            "chunks": Judged(dataset, asked, self.vectors, self.counts, owners),
        }


def measured(
    work: Work, people: Mapping[str, Judged], fusion: Fusion, seed: int
) -> Iterator[tuple[str, dict[str, Values]]]:
    """Setting → "whole/bm25", ... → query → nDCG@10; BM25 as it is first, the setting that dev chooses last."""
    train, queries = work.queries(seed)
    counts, examples = work.examples(train, fusion)
    dev = work.dev(queries)

    def judged(fit: Fit) -> dict[str, Values]:
        return {
            f"{unit}/{kind}": values
            for unit, judge in people.items()
            for kind, values in judge.scores(Weighted(judge.counts, fit), fusion).items()
        }

    def on_dev(fit: Fit) -> float:
        return mean(dev.scores(Weighted(dev.counts, fit), fusion)["hybrid"].values())

    bare = Fit(counts, fusion)
    best = on_dev(bare), judged(bare)
    say(f"  seed {seed}: {len(train)} queries, {fusion}; dev {best[0]:.4f}")
    yield "BM25", best[1]
    for name, settings in SETTINGS.items():
        fits = [Fit(counts, fusion) for _ in settings]
        for fit, setting in zip(fits, settings, strict=True):
            fit.run(examples, setting, seed)
        tried = [on_dev(fit) for fit in fits]
        chosen = fits[tried.index(max(tried))]
        values = judged(chosen)
        best = max(best, (max(tried), values), key=lambda one: one[0])
        found = ", ".join(f"{run} {mean(row.values()):.4f}" for run, row in values.items())
        say(f"    {name}: dev {', '.join(f'{score:.4f}' for score in tried)}; {found}; {chosen.shape()}")
        yield name, values
    yield "chosen on dev", best[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--beir", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--fusion", type=float, nargs=3, metavar=("WEIGHT", "K1", "B"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    given = parser.parse_args()
    work = Work(given.work)
    dataset = _without_tested(load_dataset(given.beir, given.split), given.beir)
    people = work.people(dataset)
    say(f"{dataset.name} {given.split}, {len(dataset.queries)} queries")
    found: dict[str, list[dict[str, Values]]] = defaultdict(list)
    for seed in given.seeds:
        fusion = (
            Fusion(**dict(zip(("weight", "k1", "b"), given.fusion, strict=True)))
            if given.fusion
            else work.fusion(seed)
        )
        for name, scores in measured(work, people, fusion, seed):
            found[name].append(scores)
    for run in next(iter(found.values()))[0]:
        base = over_seeds(found["BM25"], run)
        for name, rows in found.items():
            result = compare(base, over_seeds(rows, run), dataset.clusters, 13)
            low, high = result.ci95
            each = ", ".join(f"{mean(row[run].values()):.4f}" for row in rows)
            say(
                f"{run:13} {name:26} {result.b_mean:.4f} ({each})  {result.delta:+.4f} [{low:+.4f}, {high:+.4f}]"
            )


def over_seeds(rows: Sequence[dict[str, Values]], run: str) -> Values:
    return {query: mean(row[run][query] for row in rows) for query in rows[0][run]}


if __name__ == "__main__":
    main()
