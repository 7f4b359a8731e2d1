"""What clicks are worth as training queries, by how they are weighted, judged on queries that people labelled.

    python bench/feedback.py FOLDER [--judge train|test] [--documents N] [--impressions 60] [--noise 0.1]
                             [--seeds 13] [-w WORK] [--set key=value]...

FOLDER is a BEIR folder with qrels/train.tsv and qrels/test.tsv, such as SciFact.  Train queries that share a relevant
document with a test query are left out.  Simulated people ask the others and see the base's first ten documents, half
of them by dense and half by hybrid search; they look at rank k with probability 1/k, and are satisfied by a relevant
document that they look at in 8 of 10 cases, by another with `--noise`.  `learn` makes of that what it does of a real
log.  Trains the base on it, to the end and with nothing chosen on dev,

- weighted: by inverse propensity, with the propensities that the log itself gives;
- without negatives: the same, without what people passed over;
- by clicks: by the share of impressions that satisfied, as if all ranks were looked at alike;
- equal: every positive weighs 1;
- labels: the judgments that the clicks come from, of all those queries: what could be learnt at best.

Prints the propensities, and nDCG@10 of dense and hybrid search on the test's queries, documents whole, with paired 95%
intervals of the gain over the base and of each against "by clicks".  The test's judgments are read for that alone; to
choose anything, `--judge train` takes every second train query out of the log to judge on.  `--documents` takes only so
many of the corpus: all that are judged relevant, and the first of the others.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace as with_fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean

import numpy as np
from _human_dev import final_model, say, without_tested
from msgspec.structs import replace

from idiolect.config import load
from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.retrieval import retrieve
from idiolect.evaluation.significance import compare
from idiolect.files import read_jsonl, write_jsonl
from idiolect.lifecycle.feedback.confirming import Confirmer
from idiolect.lifecycle.feedback.events import Action, Hit, Impression, Seen
from idiolect.lifecycle.feedback.learning import learn, save
from idiolect.lifecycle.feedback.learnt import Learnt, LearntQuery, Positive
from idiolect.mining.ranking import Corpus
from idiolect.progress import Silent
from idiolect.records import Chunk, Fusion, TrainingExample
from idiolect.runtimes.base import TextEncoder
from idiolect.stages import prepare
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder
from idiolect.workspace import Workspace

SETTINGS = ("generate.max_queries=300", "prepare.test_fraction=0.02", "prepare.dev_fraction=0.02")
SATISFIED, SHOWN, PEOPLE = 0.8, 10, 500
BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def divided(given: argparse.Namespace) -> tuple[Dataset, Dataset]:
    """The queries that people ask, and those that judge."""
    train = without_tested(load_dataset(given.folder, "train"), given.folder)
    if given.judge == "test":
        test = load_dataset(given.folder, "test")
    else:
        first, second = sorted(train.queries)[::2], sorted(train.queries)[1::2]
        seen = {document for query in first for document in train.qrels[query]}
        test = only(train, [query for query in second if not seen & set(train.qrels[query])])
        train = only(train, first)
    if given.documents:
        needed = {document for part in (train, test) for grades in part.qrels.values() for document in grades}
        others = [document for document in train.corpus if document not in needed]
        kept = needed | set(others[: max(given.documents - len(needed), 0)])
        corpus = {name: passage for name, passage in train.corpus.items() if name in kept}
        train, test = (with_fields(part, corpus=corpus) for part in (train, test))
    return train, test


def only(dataset: Dataset, queries: Sequence[str]) -> Dataset:
    return with_fields(
        dataset,
        queries={query: dataset.queries[query] for query in queries},
        qrels={query: dataset.qrels[query] for query in queries},
        clusters={query: dataset.clusters[query] for query in queries},
        slices={query: dataset.slices[query] for query in queries},
    )


def people(
    dataset: Dataset, runs: Mapping[str, Mapping[str, Sequence[str]]], given: argparse.Namespace
) -> list[Seen]:
    """What so many people did with each query of the dataset: each of the rankings is shown to half of them."""
    rng = np.random.default_rng(given.seeds[0])
    seen = []
    kinds = list(runs)
    for query, text in dataset.queries.items():
        for _ in range(given.impressions):
            number = len(seen)
            shown = runs[kinds[rng.integers(len(kinds))]][query][:SHOWN]
            time = BEGAN + timedelta(seconds=40 * number)
            user = f"u{rng.integers(PEOPLE)}"
            actions = [
                Action(impression=f"i{number}", time=(time + timedelta(seconds=5 * rank)).isoformat(),
                       kind="like", rank=rank, user=user)
                for rank, document in enumerate(shown, 1)
                if rng.random()
                < (SATISFIED if dataset.qrels[query].get(document, 0) > 0 else given.noise) / rank
            ]  # fmt: skip
            hits = [Hit(rank=rank, document=document) for rank, document in enumerate(shown, 1)]
            impression = Impression(
                id=f"i{number}", time=time.isoformat(), query=text, hits=hits, user=user, consent=True
            )
            seen.append(Seen(impression=impression, actions=actions))
    return seen


def variants(learnt: Learnt, dataset: Dataset) -> dict[str, Learnt]:
    def weighted(weight: float | None) -> Learnt:
        queries = [
            replace(
                query,
                positives=[
                    replace(one, weight=one.clicks / one.impressions if weight is None else weight)
                    for one in query.positives
                ],
            )
            for query in learnt.queries
        ]
        return replace(learnt, queries=queries)

    labels = [
        LearntQuery(
            id=f"f{query}",
            text=text,
            impressions=1,
            users=1,
            positives=[
                Positive(document=document, weight=1.0, users=1, clicks=1, impressions=1)
                for document, grade in dataset.qrels[query].items()
                if grade > 0
            ],
        )
        for query, text in dataset.queries.items()
    ]
    return {
        "weighted": learnt,
        "without negatives": replace(learnt, queries=[replace(one, negatives=[]) for one in learnt.queries]),
        "by clicks": weighted(None),
        "equal": weighted(1.0),
        "labels": replace(learnt, queries=labels),
    }


def examples_of(context: Context, learnt: Learnt) -> list[TrainingExample]:
    """What prepare makes of it, without the synthetic queries."""
    save(learnt, context.workspace.learnt)
    prepare.run(context)
    return [
        one for one in read_jsonl(context.workspace.train, TrainingExample) if one.query_id.startswith("f")
    ]


def searched(dataset: Dataset, encoder: TextEncoder) -> dict[str, dict[str, float]]:
    passages = list(dataset.corpus.values())
    vectors = np.asarray(encoder.encode([passage.full_text for passage in passages], "passage"))
    asked = np.asarray(encoder.encode(list(dataset.queries.values()), "query"))
    runs = retrieve(dataset, Corpus(passages, vectors, Fusion()), asked, ("dense", "hybrid"))
    return {kind: run.metric("ndcg@10") for kind, run in runs.items()}


def gain(test: Dataset, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    found = compare(before, after, test.clusters, 13)
    return f"{found.delta:+.4f} ({found.ci95[0]:+.4f} to {found.ci95[1]:+.4f})"


def clicked(context: Context, dataset: Dataset, given: argparse.Namespace) -> Learnt:
    """The log of all that, and what `learn` makes of it."""
    chunks = list(read_jsonl(context.workspace.chunks, Chunk))
    encoder = base_encoder(context)
    passages, owners = [chunk.passage for chunk in chunks], [chunk.document_id for chunk in chunks]
    vectors = encoder.encode([passage.full_text for passage in passages], "passage")
    corpus = Corpus(passages, vectors, Fusion())
    asked = encoder.encode(list(dataset.queries.values()), "query")
    runs = retrieve(dataset, corpus, asked, ("dense", "hybrid"), owners=owners)
    seen = people(dataset, {kind: run.rankings for kind, run in runs.items()}, given)
    confirmer = Confirmer(corpus, owners, encoder, Silent())
    return learn(seen, context.config.feedback, confirmer, context.config.prepare.margin, "fused")


def tell(learnt: Learnt, dataset: Dataset) -> None:
    report = learnt.report
    say(
        f"{report.impressions:,} impressions, {report.satisfied:,} satisfied clicks, {report.queries} queries learnt"
    )
    if report.propensities:
        rows = (
            f"{one.rank}: {one.theta:.3f} ({one.low:.3f} to {one.high:.3f})"
            for one in report.propensities.thetas
        )
        say(f"propensities (1/rank is true): {', '.join(rows)}")
    else:
        say(report.refused)
    known = {" ".join(text.split()): query for query, text in dataset.queries.items()}
    right = [
        dataset.qrels[known[query.text]].get(one.document, 0) > 0
        for query in learnt.queries
        for one in query.positives
    ]
    say(f"{len(right)} positives, {sum(right)} of which people labelled relevant")
    wrong = [
        dataset.qrels[known[query.text]].get(one.document, 0) > 0
        for query in learnt.queries
        for one in query.negatives
    ]
    say(
        f"{len(wrong)} negatives, {sum(wrong)} of which people labelled relevant; left out: {report.left_out}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--judge", choices=["train", "test"], default="test")
    parser.add_argument("--documents", type=int, default=0)
    parser.add_argument("--impressions", type=int, default=60)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[13])
    parser.add_argument("-w", "--work", type=Path)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(given, Workspace(given.work or Path(folder) / "work"), Path(folder))


def run(given: argparse.Namespace, work: Workspace, scratch: Path) -> None:
    settings = [*SETTINGS, *given.set]
    options = [part for setting in settings for part in ("--set", setting)]
    asked, test = divided(given)
    corpus = scratch / "corpus.jsonl"
    passages = test.corpus.values()
    write_jsonl(corpus, ({"_id": one.id, "title": one.title, "text": one.text} for one in passages))
    command = ["run", corpus, "-w", work.root, "--to", "prepare", "-q", *options]
    subprocess.run([sys.executable, "-m", "idiolect", *map(str, command)], check=True, stdout=sys.stderr)
    context = Context(work, load(None, settings))
    learnt = clicked(context, asked, given)
    tell(learnt, asked)
    base = searched(test, base_encoder(context))
    say("base: " + ", ".join(f"{kind} {fmean(values.values()):.4f}" for kind, values in base.items()))
    found = {}
    for name, variant in variants(learnt, asked).items():
        examples = examples_of(context, variant)
        trials = [
            searched(
                test, final_model(context, context.config.train, examples, seed, scratch / f"{name}-{seed}")
            )
            for seed in given.seeds
        ]
        found[name] = {
            kind: {query: fmean(trial[kind][query] for trial in trials) for query in test.queries}
            for kind in base
        }
        for kind, values in found[name].items():
            mean = fmean(values.values())
            say(
                f"{name:18} {len(examples):5} examples  {kind:7} {mean:.4f} "
                f"({mean / fmean(base[kind].values()):.3f} x the base, {gain(test, base[kind], values)})"
            )
    for name in found:
        for kind in base if name != "by clicks" else ():
            say(f"{name} over by clicks, {kind}: {gain(test, found['by clicks'][kind], found[name][kind])}")


if __name__ == "__main__":
    main()
