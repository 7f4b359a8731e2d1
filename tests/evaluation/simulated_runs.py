"""Simulated runs over a small corpus, and the report that an evaluation would write of them."""

import numpy as np

from idiolect.evaluation.advice import what_next
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.examples import pick_examples
from idiolect.evaluation.metrics import Ranker, aggregate, score_run
from idiolect.evaluation.report import RUNS, DatasetReport, Decision, Report
from idiolect.evaluation.significance import Comparison, compare, mean_interval
from idiolect.evaluation.slices import compare_slices
from idiolect.evaluation.verdict import Guard, decide, sentence
from idiolect.records import Fusion, Passage

SKILL = {"dense-base": 2.0, "dense-tuned": 2.6, "bm25": 1.6, "hybrid-base": 2.8, "hybrid-tuned": 3.0}
WORDS = ["collector", "span", "metric", "trace", "exporter", "receiver", "pipeline", "batch", "agent"]
WORDS += ["gateway", "sampling", "context", "baggage"]


def simulated(
    skill: dict[str, float], documents: int = 60
) -> tuple[Dataset, dict[str, dict[str, list[str]]]]:
    """A data set with two queries a document, and each run's rankings: noise plus `skill` for the right one."""
    rng = np.random.default_rng(11)
    corpus = {}
    for number in range(documents):
        text = " ".join(rng.choice(WORDS, 40).tolist())
        corpus[f"d{number}"] = Passage(
            id=f"d{number}", title=f"Chapter <{number}>", text=text.capitalize() + "."
        )
    queries = {
        f"q{number}": f"How does the {WORDS[number % 13]} handle {WORDS[number % 7]} & <b>{number}</b>?"
        for number in range(2 * documents)
    }
    dataset = Dataset(
        name="test",
        split="test",
        corpus=corpus,
        queries=queries,
        qrels={f"q{number}": {f"d{number // 2}": 1} for number in range(2 * documents)},
        slices={f"q{number}": "question" if number % 2 else "keywords" for number in range(2 * documents)},
    )
    ranker, shared = Ranker(list(corpus)), rng.standard_normal((2 * documents, documents))
    rankings: dict[str, dict[str, list[str]]] = {}
    for run, strength in skill.items():
        scores = shared + 0.6 * rng.standard_normal(shared.shape)
        for number in range(2 * documents):
            scores[number, number // 2] += strength
        rankings[run] = {f"q{number}": ranker.top(scores[number]) for number in range(2 * documents)}
    return dataset, rankings


def evaluated(skill: dict[str, float]) -> Report:
    """The report that an evaluation stage would write of `simulated(skill)`."""
    dataset, rankings = simulated(skill)
    values = {run: score_run(found, dataset.qrels) for run, found in rankings.items()}
    runs = {run: aggregate(values[run], dataset.queries) for run in RUNS}
    per_run = {
        metric: {run: {query: row[metric] for query, row in values[run].items()} for run in RUNS}
        for metric in ("ndcg@10", "recall@10")
    }
    ndcg = per_run["ndcg@10"]

    def against(a: str, b: str) -> Comparison:
        return compare(ndcg[a], ndcg[b], dataset.clusters, 13, names=(a, b))

    dense, retriever = against("dense-base", "dense-tuned"), against("hybrid-base", "hybrid-tuned")
    guards = [Guard(name="nano", metric="ndcg@10", base=0.61, tuned=0.609)]
    slices = compare_slices(ndcg["dense-base"], ndcg["dense-tuned"], dataset.clusters, dataset.sliced, 13)
    won, lost = pick_examples(
        dataset, rankings["dense-base"], rankings["dense-tuned"], ndcg["dense-base"], ndcg["dense-tuned"]
    )
    verdict = decide(dense, guards, slices)
    return Report(
        verdict=verdict,
        sentence=sentence(dense, guards, slices),
        decisions={
            "dense": Decision(
                verdict=verdict,
                decides=True,
                sentence=sentence(dense, guards, slices),
                comparison=dense,
                guards=guards,
                slices=slices,
            ),
            "retriever": Decision(
                verdict=decide(retriever, [], []),
                decides=False,
                sentence=sentence(retriever, [], []),
                comparison=retriever,
            ),
        },
        datasets={
            "test": DatasetReport(
                runs=runs,
                comparisons=[dense, retriever],
                intervals={
                    run: {
                        metric: mean_interval(per_run[metric][run], dataset.clusters, 13)
                        for metric in per_run
                    }
                    for run in RUNS
                },
                queries=len(dataset.queries),
                documents=len(dataset.corpus),
                clusters=len(set(dataset.clusters.values())),
                decides=True,
                kind="pseudo-queries cut from held-out documents",
            ),
            "scifact": DatasetReport(
                runs={"dense-base": runs["dense-base"]}, queries=120, documents=60, clusters=60
            ),
        },
        dimensions={
            "384": {"ndcg@10": 0.651, "bytes_per_vector": 1536, "kept": 1.0, "saved": 0.0},
            "128": {"ndcg@10": 0.622, "bytes_per_vector": 512, "kept": 0.955, "saved": 0.667},
        },
        compression={"384": {"int8": {"ndcg@10": 0.649, "bytes_per_vector": 384, "kept": 0.997}}},
        base="all-MiniLM-L6-v2",
        teacher="extractive",
        won=won,
        lost=lost,
        fusion={"hybrid-base": Fusion(weight=0.5), "hybrid-tuned": Fusion(weight=0.35)},
        counts={"training queries": 3000},
        notes=["seed 13"],
        what_next=what_next(verdict, dense, runs, teacher="extractive", labelled=0, target="embedding"),
    )
