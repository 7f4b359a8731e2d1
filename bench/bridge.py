"""What a bridge between two models' vectors is worth, by its recall: where the floor belongs.

    python bench/bridge.py OLD NEW... --beir DIR/scifact [--split train] [--noise .1 .3 .5] [--pairs 200 500 1000 2000]

OLD and NEW are bundles or model directories, `--noise` adds copies of OLD whose matrices have noise of that share.
Some documents of the BEIR folder are encoded whole by each; a bridge is fitted to `--pairs` of them by chance.  Then
nDCG@10 of the queries that those answer: OLD's on OLD's vectors, NEW's through the bridge on OLD's, NEW's on NEW's.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from _bundles import altered
from _human_dev import say

from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.metrics import Ranker, aggregate, per_query
from idiolect.index.bridge import FLOOR, fit
from idiolect.named_models import open_model
from idiolect.runtimes.encoder import unit


def part_of(dataset: Dataset, count: int) -> Dataset:
    """So many documents by chance, and the queries that they answer."""
    names = np.random.default_rng(13).permutation(sorted(dataset.corpus))[:count].tolist()
    corpus = {name: dataset.corpus[name] for name in names}
    qrels = {
        query: {name: grade for name, grade in judged.items() if name in corpus}
        for query, judged in dataset.qrels.items()
    }
    queries = {
        query: text
        for query, text in dataset.queries.items()
        if any(grade > 0 for grade in qrels[query].values())
    }
    return Dataset(dataset.name, dataset.split, corpus, queries, {query: qrels[query] for query in queries})


def encoded(model: str, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Documents' vectors and queries'."""
    runtime = open_model(model).runtime
    documents = runtime.encode([passage.full_text for passage in dataset.corpus.values()], "passage")
    return documents, runtime.encode(list(dataset.queries.values()), "query")


def ndcg(dataset: Dataset, queries: np.ndarray, documents: np.ndarray) -> float:
    ranker = Ranker(list(dataset.corpus))
    values = {
        query: per_query(ranker.top(documents @ vector), dataset.qrels[query])
        for query, vector in zip(dataset.queries, queries, strict=True)
    }
    return aggregate(values, dataset.queries)["ndcg@10"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old")
    parser.add_argument("new", nargs="*")
    parser.add_argument("--beir", type=Path, required=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--noise", type=float, nargs="*", default=[])
    parser.add_argument("--documents", type=int, default=2500)
    parser.add_argument("--pairs", type=int, nargs="+", default=[200, 500, 1000, 2000])
    given = parser.parse_args()
    dataset = part_of(load_dataset(given.beir, given.split), given.documents)
    old, asked = encoded(given.old, dataset)
    before = ndcg(dataset, asked, old)
    say(f"{len(old):,} documents, {len(asked):,} queries; the old model: {before:.4f}; the floor is {FLOOR}")
    say("new model              pairs  recall   through  of the old    its own")
    with tempfile.TemporaryDirectory() as folder:
        models = {Path(name).parent.name or name: name for name in given.new}
        for share in given.noise:
            path = Path(given.old) / "model" if (Path(given.old) / "model").is_dir() else Path(given.old)
            models[f"noise {share}"] = str(altered(path, Path(folder) / f"noise-{share}", share))
        for name, model in models.items():
            new, queries = encoded(model, dataset)
            own = ndcg(dataset, queries, new)
            for pairs in given.pairs:
                rows = np.random.default_rng(13).choice(len(old), pairs, replace=False)
                matrix, recall = fit(new[rows], old[rows])
                through = ndcg(dataset, unit(queries @ matrix), old)
                say(f"{name:22} {pairs:5} {recall:7.3f} {through:9.4f} {through / before:11.3f} {own:10.4f}")


if __name__ == "__main__":
    main()
