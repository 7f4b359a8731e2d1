"""How the fusion is chosen, and what that is worth to queries that people asked: no model is trained.

    idiolect ingest scifact/corpus.jsonl -w WORK
    python bench/fusion.py WORK --beir scifact --split train [--seeds 13 14 15]

For each setting and seed, masked pseudo-queries choose a fusion for the base model, and the BEIR
folder's split says what hybrid search with it scores: nDCG@10, documents whole.  Queries of a split
other than test that share a relevant document with a test query are left out; nothing is chosen by
what is printed of test.
"""

import argparse
import sys
from pathlib import Path
from statistics import mean

import msgspec
from _human_dev import without_tested

from idiolect.config import load
from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.retrieval import retrieve
from idiolect.files import read_jsonl
from idiolect.mining.ranking import Corpus
from idiolect.mining.weighting import LEXICAL_SETTINGS, choose_weight
from idiolect.records import Chunk, Fusion
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder
from idiolect.teachers.extractive import masked_queries
from idiolect.workspace import Workspace

ALL = 10**9
SETTINGS = {
    "best of 300, z over the corpus": (300, ALL, (), True),
    "best of 300, z over candidates": (300, 1_000, (), True),
    "best of 1,000, z over candidates": (1_000, 1_000, (), True),
    "nearest to .5 in the interval of 300": (300, 1_000, (), False),
    "the same, k1 and b chosen too": (300, 1_000, LEXICAL_SETTINGS, False),
    "the same of 1,000": (1_000, 1_000, LEXICAL_SETTINGS, False),
}
"""Name → (masked queries, candidates of each side, BM25's (k1, b) to choose from, the curve's best weight?)."""


def people(folder: Path, split: str) -> Dataset:
    dataset = load_dataset(folder, split)
    return dataset if split == "test" else without_tested(dataset, folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--beir", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    given = parser.parse_args()
    context = Context(Workspace(given.work), load(None, []))
    encoder = base_encoder(context)
    chunks = list(read_jsonl(context.workspace.chunks, Chunk))
    vectors = encoder.encode([chunk.passage.full_text for chunk in chunks], "passage")
    dataset = people(given.beir, given.split)
    passages = list(dataset.corpus.values())
    whole = encoder.encode([passage.full_text for passage in passages], "passage")
    asked = encoder.encode(list(dataset.queries.values()), "query")

    def score(fusion: Fusion) -> float:
        runs = retrieve(dataset, Corpus(passages, whole, fusion), asked, ("hybrid",))
        return aggregate(runs["hybrid"].values, list(dataset.queries))["ndcg@10"]

    dense = score(Fusion(weight=0.0))
    sys.stdout.write(
        f"{dataset.name} {given.split}, {len(dataset.queries)} queries: dense alone {dense:.4f}\n"
    )
    for name, (count, candidates, lexical, best) in SETTINGS.items():
        found, scores = [], []
        for seed in given.seeds:
            masked = masked_queries(chunks, count, seed, "en")
            weighed = choose_weight(
                chunks, vectors, masked, (), Fusion(candidates=candidates), encoder, lexical
            )
            fusion = weighed.fusion
            if best:
                fusion = msgspec.structs.replace(
                    fusion, weight=float(max(weighed.curve, key=weighed.curve.__getitem__))
                )
            low, high = weighed.interval or (0.0, 0.0)
            found.append(f"{fusion.weight:g} [{low:g}, {high:g}] b {fusion.b:g}")
            scores.append(score(fusion))
        each = ", ".join(f"{value:.4f}" for value in scores)
        sys.stdout.write(
            f"{name:37} {mean(scores):.4f} ({mean(scores) / dense - 1:+.1%}; {each})  {'; '.join(found)}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
