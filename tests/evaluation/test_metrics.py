"""Metrics equal trec_eval's, ties and odd judgments included."""

import random

import numpy as np
import pytest
import pytrec_eval

from idiolect.errors import IdiolectError
from idiolect.evaluation.metrics import CUTOFFS, Ranker, aggregate, metric_names, per_query, rank, score_run

THEIRS = {"ndcg": "ndcg_cut", "recall": "recall", "precision": "P", "map": "map_cut"}
Run = dict[str, dict[str, float]]


def random_case(seed: int) -> tuple[Run, dict[str, dict[str, int]]]:
    """A run with many ties (also ties only as 32-bit floats) and graded, zero and negative judgments."""
    chance = random.Random(seed)
    documents = [f"d{number}" for number in range(160)] + ["é", "日本", "D", "d-1", "10", "9"]
    run: Run = {}
    qrels: dict[str, dict[str, int]] = {}
    for query in map(str, range(20)):
        found = chance.sample(documents, chance.randint(1, len(documents)))
        levels = chance.choice([2, 5, 30, 10_000])
        run[query] = {
            doc: chance.randint(-levels, levels) / levels + chance.choice([0, 1e-12]) for doc in found
        }
        grades = chance.choice([[1], [0, 1], [-2, -1, 0, 1, 2, 3], [0], [-1]])
        qrels[query] = {doc: chance.choice(grades) for doc in chance.sample(documents, chance.randint(1, 40))}
    return run, qrels


def trec_eval(run: Run, qrels: dict[str, dict[str, int]]) -> dict[str, dict[str, float]]:
    """Their values under our names; MRR@k is their recip_rank on the run cut after rank k."""
    measures = {f"{name}.{','.join(map(str, CUTOFFS))}" for name in THEIRS.values()}
    values = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    ours = {
        query: {f"{name}@{k}": row[f"{their}_{k}"] for name, their in THEIRS.items() for k in CUTOFFS}
        for query, row in values.items()
    }
    for k in CUTOFFS:
        cut = {query: {doc: scores[doc] for doc in rank(scores)[:k]} for query, scores in run.items()}
        reciprocal = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(cut)
        for query, row in reciprocal.items():
            ours[query][f"mrr@{k}"] = row["recip_rank"]
    return ours


@pytest.mark.parametrize("seed", range(40))
def test_every_metric_of_every_query_equals_trec_eval(seed: int) -> None:
    run, qrels = random_case(seed)
    expected = trec_eval(run, qrels)
    for query, scores in run.items():
        values = per_query(rank(scores), qrels[query])
        assert values == pytest.approx(expected[query], abs=1e-6)
        assert set(values) == set(metric_names())


@pytest.mark.parametrize("seed", range(40))
def test_ranker_gives_the_head_of_the_full_ranking(seed: int) -> None:
    run, _ = random_case(seed)
    scores = max(run.values(), key=len)
    ids = random.Random(seed).sample(list(scores), len(scores))
    row = np.array([scores[document] for document in ids])
    for k in (1, 3, 10, len(ids) - 1, len(ids), len(ids) + 5):
        assert Ranker(ids).top(row, k) == rank(scores)[:k]


def test_a_corpus_of_equal_scores_is_ranked_by_descending_id() -> None:
    ids = [f"{number:06}" for number in range(50_000)]
    assert Ranker(ids).top(np.zeros(len(ids)), 3) == ["049999", "049998", "049997"]


def test_ranker_leaves_out_the_excluded_and_the_masked_document() -> None:
    ranker, row = Ranker(["a", "b", "c"]), np.array([3.0, 2.0, -np.inf])
    assert ranker.top(row, 3) == ["a", "b"]
    assert ranker.top(row, 3, exclude="a") == ["b"]
    assert ranker.top(row, 3, exclude="unknown") == ["a", "b"]
    assert row[0] == 3.0, "the caller's scores stay as they were"


def test_ranker_refuses_what_has_no_order() -> None:
    with pytest.raises(IdiolectError, match="NaN"):
        Ranker(["a", "b"]).top(np.array([1.0, np.nan]), 1)
    with pytest.raises(IdiolectError, match="unique"):
        Ranker(["a", "a"])
    with pytest.raises(IdiolectError, match=r"2 documents but scores of shape \(3,\)"):
        Ranker(["a", "b"]).top(np.zeros(3), 1)


def test_mrr_truncates_before_it_looks() -> None:
    values = per_query(["x", "y", "right"], {"right": 1})
    assert (values["mrr@1"], values["mrr@5"]) == (0.0, pytest.approx(1 / 3))


def test_a_query_without_results_counts_as_zero() -> None:
    qrels = {"found": {"a": 1}, "lost": {"b": 1}}
    values = score_run({"found": ["a"]}, qrels)
    assert values["lost"] == dict.fromkeys(metric_names(), 0.0)
    assert aggregate({"found": values["found"]}, qrels)["ndcg@10"] == 0.5
    assert aggregate({}, qrels) == dict.fromkeys(metric_names(), 0.0)


def test_an_average_over_no_queries_is_refused() -> None:
    with pytest.raises(IdiolectError, match="no queries"):
        aggregate({}, [])
