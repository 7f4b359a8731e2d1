"""What 100 queries that people asked are worth beside synthetic ones, judged on others that people asked.

    python bench/labels.py FOLDER [--labels 100] [--weights 1 4 16] [--seed 13] [--documents N] [-w WORK]
                           [--set section.key=value]...

FOLDER is a BEIR folder with qrels/train.tsv and qrels/test.tsv, such as SciFact.  Train queries that share
a relevant document with a test query are left out, and test queries are not looked at any further.  Of the
others `--labels` train, and those that share no relevant document with these judge.  Trains without them,
then with them at each `train.label_weight`, all in one WORK: the same synthetic queries, the same documents
held out.  Prints nDCG@10 of dense and hybrid search on the queries that judge, the gain over training
without labels and over the base, with paired 95% intervals.  `--documents` takes only so many of the
corpus, for a trial.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from idiolect.evaluation.beir import Dataset, load_dataset, save_dataset
from idiolect.evaluation.retrieval import Run, retrieve
from idiolect.evaluation.significance import compare
from idiolect.files import read_json
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Fusion, Selection
from idiolect.runtimes.starting import starting_model
from idiolect.runtimes.torch import TorchRuntime
from idiolect.workspace import Workspace


def divided(folder: Path, labels: int, seed: int) -> tuple[Dataset, Dataset]:
    """The queries that train and those that judge."""
    train, test = load_dataset(folder, "train"), load_dataset(folder, "test")
    tested = relevant(test, list(test.queries))
    clean = [query for query in sorted(train.queries) if not relevant(train, [query]) & tested]
    random.Random(seed).shuffle(clean)
    trained = clean[:labels]
    seen = relevant(train, trained)
    judges = [query for query in clean[labels:] if not relevant(train, [query]) & seen]
    sys.stdout.write(
        f"{len(train.queries)} train queries, {len(clean)} share no document with a test query: "
        f"{len(trained)} train, {len(judges)} judge\n"
    )
    return only(train, trained, "train"), only(train, judges, "dev")


def relevant(dataset: Dataset, queries: Sequence[str]) -> set[str]:
    return {id for query in queries for id, grade in dataset.qrels[query].items() if grade > 0}


def only(dataset: Dataset, queries: Sequence[str], split: str) -> Dataset:
    return Dataset(
        name=dataset.name,
        split=split,
        corpus=dataset.corpus,
        queries={query: dataset.queries[query] for query in queries},
        qrels={query: dataset.qrels[query] for query in queries},
    )


def fewer(dataset: Dataset, documents: int) -> Dataset:
    """Over a part of the corpus: what is relevant to the first queries, and others up to `documents`."""
    kept: dict[str, None] = {}
    queries = []
    for query in dataset.queries:
        found = relevant(dataset, [query])
        if len(kept) + len(found) <= documents // 2:
            kept |= dict.fromkeys(found)
            queries.append(query)
    for id in dataset.corpus:
        if len(kept) >= documents:
            break
        kept.setdefault(id)
    corpus = {id: passage for id, passage in dataset.corpus.items() if id in kept}
    qrels = {query: {id: g for id, g in dataset.qrels[query].items() if id in corpus} for query in queries}
    texts = {query: dataset.queries[query] for query in queries}
    return Dataset(name=dataset.name, split=dataset.split, corpus=corpus, queries=texts, qrels=qrels)


def lessened(labels: Dataset, judge: Dataset, documents: int) -> tuple[Dataset, Dataset]:
    """Both over one corpus of so many documents at most: what either needs comes first."""
    first = fewer(only(labels, [*labels.queries], "x"), documents // 2)
    other = fewer(judge, documents // 2)
    corpus = other.corpus | first.corpus
    train, judges = (
        Dataset(name="x", split=part.split, corpus=corpus, queries=part.queries, qrels=part.qrels)
        for part in (first, other)
    )
    return train, judges


def searched(judge: Dataset, model: str, fusion: Fusion, vectors: Path) -> dict[str, Run]:
    """Dense and hybrid, documents whole."""
    encoder = CachedEncoder(TorchRuntime(starting_model(model)), vectors)
    passages = list(judge.corpus.values())
    corpus = Corpus(passages, encoder.encode([passage.full_text for passage in passages], "passage"), fusion)
    return retrieve(judge, corpus, encoder.encode(list(judge.queries.values()), "query"), ("dense", "hybrid"))


def gain(judge: Dataset, before: Run, after: Run) -> str:
    found = compare(before.metric("ndcg@10"), after.metric("ndcg@10"), judge.clusters, 13)
    return f"{found.delta:+.4f} ({found.ci95[0]:+.4f} to {found.ci95[1]:+.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--weights", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--documents", type=int, default=0)
    parser.add_argument("-w", "--work", type=Path)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    labels, judge = divided(given.folder, given.labels, given.seed)
    if given.documents:
        labels, judge = lessened(labels, judge, given.documents)
    with tempfile.TemporaryDirectory() as folder:
        work = Workspace(given.work or Path(folder) / "work")
        save_dataset(Path(folder) / "labels", labels)
        run(Path(folder) / "labels", labels, judge, work, given)


def run(folder: Path, labels: Dataset, judge: Dataset, work: Workspace, given: argparse.Namespace) -> None:
    settings = [f"seed={given.seed}", *given.set]
    options = [part for setting in settings for part in ("--set", setting)]
    people = ["--queries", folder / "queries.jsonl", "--qrels", folder / "qrels" / f"{labels.split}.tsv"]
    variants: list[tuple[str, list[str | Path]]] = [("without labels", [])]
    for weight in given.weights:
        more: list[str | Path] = [*people, "--labels-as", "train", "--set", f"train.label_weight={weight}"]
        variants.append((f"with {len(labels.queries)}, weight {weight}", more))
    base = next((s.partition("=")[2] for s in settings if s.startswith("train.base=")), "auto")
    before: dict[str, Run] = {}
    first: dict[str, Run] = {}
    for name, more in variants:
        command = ["run", folder / "corpus.jsonl", "-w", work.root, "--to", "train", "-q", *options, *more]
        subprocess.run([sys.executable, "-m", "idiolect", *map(str, command)], check=True, stdout=sys.stderr)
        selection = msgspec.convert(read_json(work.selection), Selection)
        before = before or searched(judge, base, selection.fusion["base"], work.vectors)
        runs = searched(judge, str(work.model), selection.fusion["tuned"], work.vectors)
        first = first or runs
        counted = {kind: [sum(r.metric("ndcg@10").values()) / len(judge.queries) for r in (before[kind], runs[kind])]
                   for kind in runs}  # fmt: skip
        sys.stdout.write(f"{name}: kept {selection.share:g}, steps {selection.training['steps']}\n")
        for kind, (was, now) in counted.items():
            sys.stdout.write(
                f"  {kind:7} {was:.4f} → {now:.4f}, over the base {gain(judge, before[kind], runs[kind])}, "
                f"over no labels {gain(judge, first[kind], runs[kind])}\n"
            )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
