"""A guard's queries: some lower what is kept, the others judge, and no document stands on both sides."""

import numpy as np
import pytest

from idiolect.errors import InputError
from idiolect.evaluation.beir import Dataset, save_dataset
from idiolect.evaluation.guards import MOST_QUERIES, GuardJudge, judging, selecting
from idiolect.records import Fusion, Passage

DOCUMENTS = 30


def a_set(split, queries=60, documents=DOCUMENTS):
    """Queries that are answered by documents in turn, one topic a document."""
    return Dataset(
        name="nano",
        split=split,
        corpus={f"d{n}": Passage(id=f"d{n}", text=f"topic{n}") for n in range(DOCUMENTS)},
        queries={f"{split}{n}": f"topic{n % documents}" for n in range(queries)},
        qrels={f"{split}{n}": {f"d{n % documents}": 1} for n in range(queries)},
    )


def saved(folder, *splits, **shape):
    save_dataset(folder / "nano", *(a_set(split, **shape) for split in splits))
    return folder / "nano"


@pytest.mark.parametrize(
    ("splits", "selects"), [(("test", "dev", "train"), "dev"), (("test", "train"), "train")]
)
def test_a_dev_or_train_split_selects_and_the_whole_test_judges(splits, selects, tmp_path):
    folder = saved(tmp_path, *splits)
    assert set(selecting(folder).queries) == set(a_set(selects).queries)
    assert judging(folder) == a_set("test")


def test_without_one_half_of_the_test_documents_selects_and_the_others_judge(tmp_path):
    folder = saved(tmp_path, "test")
    chosen, judges = selecting(folder), judging(folder)
    assert set(chosen.queries) | set(judges.queries) == set(a_set("test").queries)
    assert len(chosen.queries) == len(judges.queries) == 30
    assert not set(chosen.clusters.values()) & set(judges.clusters.values())
    assert chosen.qrels.keys() == chosen.queries.keys() and len(chosen.corpus) == DOCUMENTS
    assert (selecting(folder), judging(folder)) == (chosen, judges)


def test_a_large_split_is_sampled_and_one_document_only_judges(tmp_path):
    folder = saved(tmp_path, "test", "train", queries=MOST_QUERIES + 50)
    assert len(selecting(folder).queries) == MOST_QUERIES
    folder = saved(tmp_path / "one", "test", queries=8, documents=1)
    assert (len(selecting(folder).queries), len(judging(folder).queries)) == (0, 8)


def test_what_cannot_judge_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no split 'test'"):
        judging(saved(tmp_path, "dev"))


class Topics:
    """Encodes "topicN" as its own direction; the first `forgotten` topics all as one."""

    def __init__(self, forgotten):
        self.forgotten = forgotten

    def encode(self, texts, kind):
        numbers = [int(text.removeprefix("topic")) for text in texts]
        return np.eye(DOCUMENTS, dtype=np.float32)[[0 if n < self.forgotten else n for n in numbers]]


def test_a_guard_that_falls_by_more_than_one_percent_is_named_and_all_scores_remembered():
    judge = GuardJudge({"nano": a_set("dev")}, Fusion(weight=0.0), "embedding", Topics(0))
    assert judge.falls(0.5, Topics(1)) == []
    (fallen,) = judge.falls(1.0, Topics(8))
    assert fallen.name == "nano/dense" and fallen.base == 1.0 and fallen.tuned < 0.99
    assert judge.scores == {
        "0": {"nano/dense": 1.0},
        "0.5": {"nano/dense": 1.0},
        "1": {"nano/dense": fallen.tuned},
    }


def test_the_retrievers_guards_are_dense_and_hybrid():
    judge = GuardJudge({"nano": a_set("dev")}, Fusion(weight=4.0), "retriever", Topics(0))
    (fallen,) = judge.falls(1.0, Topics(8))
    assert fallen.name == "nano/dense", "BM25 finds the words that the vectors forgot"
    assert judge.scores["1"]["nano/hybrid"] == 1.0
