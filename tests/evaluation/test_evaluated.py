"""Whose queries decide, and what each set says about what it can tell."""

import numpy as np
import pytest

from idiolect.evaluation import remarks
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.evaluated import PAIRS, Evaluated, Sets
from idiolect.evaluation.metrics import per_query
from idiolect.evaluation.query_rows import query_rows
from idiolect.evaluation.report import RUNS
from idiolect.evaluation.retrieval import Run
from idiolect.records import Passage


def evaluated(name, queries, documents=20, gain=0.0):
    """A set whose answers the tuned runs rank higher by `gain` than the others, in units of noise."""
    rng = np.random.default_rng(7)
    corpus = {f"d{number}#0": Passage(id=f"d{number}#0", text=f"passage {number}") for number in range(20)}
    dataset = Dataset(
        name=name,
        split="test",
        corpus=corpus,
        queries={f"q{number}": f"query {number}" for number in range(queries)},
        qrels={f"q{number}": {f"d{number % documents}": 1} for number in range(queries)},
        owners={identifier: identifier.partition("#")[0] for identifier in corpus},
    )
    noise = rng.standard_normal((queries, 20))
    runs = {}
    for run in RUNS:
        scores = noise + 0.1 * rng.standard_normal(noise.shape)
        scores[range(queries), [number % documents for number in range(queries)]] += 1 + gain * (
            "tuned" in run
        )
        rankings = {f"q{number}": [f"d{d}" for d in np.argsort(-scores[number])] for number in range(queries)}
        values = {query: per_query(ranking, dataset.qrels[query]) for query, ranking in rankings.items()}
        runs[run] = Run(rankings, values)
    return Evaluated(dataset, runs)


@pytest.mark.parametrize(
    ("queries", "documents", "decides"),
    [(50, 20, "labelled"), (50, 10, "labelled"), (49, 20, "test"), (200, 9, "test")],
)
def test_queries_that_people_asked_decide_where_they_are_enough(queries, documents, decides):
    labelled = evaluated("labelled", queries, documents)
    sets = Sets(test=evaluated("test", 100), labelled=labelled)
    assert sets.deciding.name == decides
    assert [found.name for found in sets.all] == ["test", "labelled"]
    assert Sets(test=sets.test).deciding is sets.test


def reported(found, consequence):
    return found.report(
        "ndcg@10", 13, PAIRS[0], kind="asked by people", consequence=consequence, decides=False
    )


def test_each_set_says_how_small_a_gain_it_finds_and_what_hangs_on_it():
    report = reported(evaluated("labelled", 12, gain=0.5), remarks.TOO_FEW)
    mde = report.comparisons[0].mde
    assert 0 < mde < 0.5
    assert report.remark == (
        f"12 queries from 12 documents find only gains of about {mde:.3f} nDCG@10 or more; they do not decide "
        "(50 from 10 documents would), but a fall on them beyond chance stops a promotion."
    )
    few = reported(evaluated("labelled", 5), remarks.TOO_FEW).remark
    assert few.startswith("5 queries from 5 documents are too few to tell any gain from chance; ")
    same = evaluated("test", 30)
    same = Evaluated(same.dataset, same.runs | {"dense-tuned": same.runs["dense-base"]})
    report = reported(same, remarks.DECIDE)
    assert report.remark == (
        "dense-base and dense-tuned do not differ on these 30 queries from 20 documents, which find only gains "
        f"of about {report.comparisons[2].mde:.3f} nDCG@10 or more between dense-base and hybrid-base; "
        "the verdict rests on them."
    )


def test_examples_show_the_documents_that_chunks_belong_to():
    won, _ = evaluated("labelled", 40, gain=2.0).examples("dense-base", "dense-tuned", "ndcg@10")
    assert len(won) == 3
    for example in won:
        assert example.right.id == f"d{int(example.query_id[1:]) % 20}"
        assert example.right.text == f"passage {int(example.query_id[1:]) % 20}"
        assert example.rank_after < example.rank_before


def test_only_queries_that_chose_on_dev_are_written_down_as_dev():
    sets = Sets(
        test=evaluated("test", 3),
        labelled=evaluated("labelled", 3),
        steering=evaluated("labelled-dev", 3),
        beir=[evaluated("given", 3)],
        guards=[evaluated("guard", 3)],
    )
    rows = list(query_rows(sets, [evaluated("queries-dev", 3)]))
    assert {(row["dataset"], row["split"]) for row in rows} == {
        ("test", "test"), ("labelled", "test"), ("labelled-dev", "dev"), ("queries-dev", "dev"),
        ("given", "given"), ("guard", "given"),
    }  # fmt: skip
    assert len(rows) == 18
    assert rows[0]["runs"].keys() == set(RUNS)
    assert rows[0]["runs"]["dense-tuned"]["metrics"]["ndcg@10"] >= 0
    assert len(rows[0]["runs"]["dense-tuned"]["top"]) == 10
