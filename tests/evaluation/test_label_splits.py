"""How many labelled queries choose, judge and train: the few first where they count most."""

from collections import Counter

import pytest

from idiolect.evaluation.label_splits import MOST_STEERING, split_labels
from idiolect.evaluation.labels import LabelledQuery

WORDS = ["pump", "valve", "tank", "filter", "probe", "screen", "column", "meter", "hose", "rake"]


def asked(count, spellings=1):
    """So many queries; each few that follow one another are spellings of the same words."""
    return [
        LabelledQuery(
            id=f"q{number}",
            text=f"{WORDS[number // spellings % 10]} {number // spellings}{'?' * (number % spellings)}",
            judged={f"d{number}": 1},
        )
        for number in range(count)
    ]


def sizes(count):
    queries = asked(count)
    splits = split_labels(queries, "split", {query.id for query in queries}, 13)
    found = Counter(splits.values())
    return found["dev"], found["test"], found["train"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, (0, 1, 0)),
        (19, (0, 19, 0)),
        (20, (20, 0, 0)),
        (30, (20, 10, 0)),
        (70, (20, 50, 0)),
        (100, (25, 50, 25)),
        (200, (50, 50, 100)),
        (800, (200, 200, 400)),
        (4000, (MOST_STEERING, 1000, 2700)),
    ],
)
def test_dev_is_served_first_then_test_then_training(count, expected):
    assert sizes(count) == expected


def test_queries_of_the_same_words_stay_together():
    queries = asked(300, spellings=3)
    splits = split_labels(queries, "split", {query.id for query in queries}, 13)
    for number in range(0, 300, 3):
        assert len({splits[f"q{number + spelling}"] for spelling in range(3)}) == 1
    assert set(splits.values()) == {"train", "dev", "test"}


def test_the_split_follows_the_seed_and_not_the_order_of_the_file():
    queries = asked(200)
    everything = {query.id for query in queries}
    first = split_labels(queries, "split", everything, 13)
    assert split_labels(queries[::-1], "split", everything, 13) == first
    assert split_labels(queries, "split", everything, 14) != first


def test_what_held_out_documents_answer_never_trains():
    queries = asked(200)
    trainable = {query.id for query in queries[:60]}
    splits = split_labels(queries, "split", trainable, 13)
    assert {query for query, split in splits.items() if split == "train"} <= trainable
    assert Counter(splits.values())["dev"] == 50
    splits = split_labels(queries, "train", trainable, 13)
    assert {query for query, split in splits.items() if split == "train"} == trainable
    assert {query for query, split in splits.items() if split == "unused"} == {q.id for q in queries[60:]}


@pytest.mark.parametrize("labels_as", ["dev", "test"])
def test_all_can_be_given_to_one_purpose(labels_as):
    assert set(split_labels(asked(5), labels_as, set(), 13).values()) == {labels_as}
