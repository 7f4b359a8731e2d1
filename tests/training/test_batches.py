"""A batch encodes each passage once, and its labels say what is right, what is wrong and what is neither."""

import msgspec
import numpy as np
import pytest
import torch

from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion, Negative, Passage, TextRef, TrainingExample
from idiolect.training.batches import Collator
from idiolect.training.guides import Guide
from idiolect.training.hybrid import Hybrid

TEXTS = {
    "pump": "the pump draws raw water from the river",
    "valve": "a valve opens at three bar",
    "tank": "the tank",
    "filter": "sand holds back what floats in the water that the pump has drawn",
    "tower": "water for the night",
}


def unit(degrees):
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


VECTORS = {"pump": unit(20), "valve": unit(80), "tank": unit(5), "filter": unit(25), "tower": unit(60)}
GUIDE = Guide(
    queries={"q1": unit(0), "q2": unit(85), "q3": unit(50)},
    passages=VECTORS,
    related={"q1": frozenset({"pump", "tower"}), "q2": frozenset({"valve"})},
    margin=0.95,
)


def example(query_id, positive, *negatives, objective="contrastive"):
    return TrainingExample(
        query_id=query_id,
        query=f"query {query_id}",
        positive=TextRef(id=positive, text=TEXTS[positive]),
        negatives=[Negative(id=name, text=TEXTS[name], score=1.0) for name in negatives],
        teacher_scores=[3.0, *(2.0 - rank for rank in range(len(negatives)))],
        objective=objective,
    )


EXAMPLES = [
    example("q1", "pump", "valve"),
    example("q2", "valve", "pump", "filter"),
    example("q3", "tower", "pump", "tank", "valve", objective="listwise"),
]
IN_ORDER = sorted(TEXTS, key=lambda name: len(TEXTS[name]))
COLUMN = {name: column for column, name in enumerate(IN_ORDER)}


class Words:
    """A tokenizer of words; it remembers what it was given."""

    def __init__(self):
        self.given = []

    def __call__(self, texts, kind):
        self.given.append((kind, texts))
        longest = max(len(text.split()) for text in texts)
        ids, mask = torch.zeros(2, len(texts), longest, dtype=torch.long)
        for row, text in enumerate(texts):
            ids[row, : len(text.split())] = torch.tensor([len(word) for word in text.split()])
            mask[row, : len(text.split())] = 1
        return {"input_ids": ids, "attention_mask": mask}


def collated(examples=EXAMPLES, guide=GUIDE, **settings):
    words = Words()
    collator = Collator(examples, words, guide, TEXTS, **settings)
    return collator([{"example": row} for row in range(len(examples))]), words


def test_each_distinct_passage_is_encoded_once_shortest_first():
    _, words = collated()
    assert words.given == [
        ("query", ["query q1", "query q2", "query q3"]),
        ("passage", [TEXTS[name] for name in IN_ORDER]),
    ]


def test_groups_are_padded_to_their_own_longest_and_none_is_too_large():
    batch, words = collated(group_tokens=14)
    names = [name for name in batch if name.startswith("passages")]
    masks = [batch[name] for name in names if name.endswith("attention_mask")]
    assert len(masks) > 1
    for mask in masks:
        assert mask.shape[1] == mask.sum(dim=1).max()
        assert len(mask) == 1 or mask.numel() <= 14
    ids = [row for name in names if name.endswith("input_ids") for row in batch[name]]
    lengths = [[len(word) for word in text.split()] for text in words.given[1][1]]
    assert [row[row > 0].tolist() for row in ids] == lengths, "every passage once, in the labels' order"


def test_candidates_are_columns_with_the_positive_first():
    label = collated()[0]["label"]
    assert label["candidates"].tolist() == [
        [COLUMN["pump"], COLUMN["valve"], -1, -1],
        [COLUMN["valve"], COLUMN["pump"], COLUMN["filter"], -1],
        [COLUMN["tower"], COLUMN["pump"], COLUMN["tank"], COLUMN["valve"]],
    ]
    assert label["teacher"].tolist() == [[3, 2, 0, 0], [3, 2, 1, 0], [3, 2, 1, 0]]
    assert label["listwise"].tolist() == [False, False, True]


def test_the_weight_of_an_example_reaches_its_row():
    weighty = [msgspec.structs.replace(EXAMPLES[1], weight=2.5), *EXAMPLES]
    assert collated(weighty)[0]["label"]["weight"].tolist() == [2.5, 1, 1, 1]


def test_known_positives_and_near_positives_do_not_count_but_the_positive_does():
    masked = collated()[0]["label"]["masked"]
    hidden = [{name for name in TEXTS if masked[row, COLUMN[name]]} for row in range(3)]
    # q1 looks along 0°: tank (5°) and filter (25°) are within the margin of its positive (20°),
    # tower is known to be right; valve was mined as its negative.
    assert hidden[0] == {"tank", "filter", "tower"}
    assert hidden[1] == set()
    assert hidden[2] == set(), "a distilled query has no in-batch negatives to mask"


def test_mined_negatives_count_even_where_they_are_near():
    """They were held to the margin on the fused scores already."""
    near = [example("q1", "pump", "filter"), EXAMPLES[1]]
    masked = collated(near)[0]["label"]["masked"]
    used = sorted({"pump", "filter", "valve"}, key=lambda name: len(TEXTS[name]))
    assert not masked[0, used.index("filter")]


def test_two_positives_of_one_query_are_not_each_others_negatives():
    unrolled = [example("q1", "pump", "valve"), example("q1", "tower", "valve")]
    label = collated(unrolled)[0]["label"]
    used = sorted({"pump", "valve", "tower"}, key=lambda name: len(TEXTS[name]))
    assert label["masked"][0].tolist() == [name == "tower" for name in used]
    assert label["masked"][1].tolist() == [name == "pump" for name in used]


def test_examples_of_one_query_are_known_as_such():
    unrolled = [example("q1", "pump"), example("q2", "valve"), example("q1", "tower")]
    first, second, third = collated(unrolled)[0]["label"]["query"].tolist()
    assert first == third != second


def test_micro_batches_hold_so_many_texts_each_padded_to_its_own_longest():
    whole, _ = collated()
    batch, _ = collated(micro_batch=2)
    for kind, count in (("queries", 3), ("passages", 5)):
        masks = [batch[f"{kind}{number}_attention_mask"] for number in range(-(-count // 2))]
        assert [len(mask) for mask in masks] == [2] * (count // 2) + [1] * (count % 2)
        assert all(mask.shape[1] == mask.sum(dim=1).max() for mask in masks)
        ids = [batch[f"{kind}{number}_input_ids"] for number in range(len(masks))]
        together = whole[f"{kind}0_input_ids"]
        assert [row[row > 0].tolist() for part in ids for row in part] == [
            row[row > 0].tolist() for row in together
        ]
    assert all(torch.equal(value, whole["label"][name]) for name, value in batch["label"].items())


class Asked(Guide):
    def scores(self, *_):
        raise AssertionError("nobody needs to know")


def test_the_guide_is_not_asked_where_no_objective_masks():
    guide = Asked(queries=GUIDE.queries, passages=VECTORS, related={}, margin=0.95)
    assert not collated(guide=guide, needs=())[0]["label"]["masked"].any()


def test_the_lexical_side_is_there_for_written_queries_where_an_objective_needs_it():
    corpus = Corpus(
        [Passage(id=name, text=text) for name, text in TEXTS.items()],
        np.stack(list(VECTORS.values())),
        Fusion(),
    )
    words = {"q1": "raw water from the river", "q2": "at how many bar?", "q3": "the night"}
    hybrid = Hybrid(corpus, words, GUIDE.queries, (2, 1))
    guide = Guide(queries=GUIDE.queries, passages=VECTORS, related={}, margin=0.95, hybrid=hybrid)
    label = collated(guide=guide, needs=("masked", "lexical"))[0]["label"]
    for row, query in enumerate(("q1", "q2")):
        assert np.array_equal(label["lexical"][row], hybrid.lexical(query, IN_ORDER))
        scale = [
            (label["dense_mean"][row, column], label["dense_deviation"][row, column]) for column in (0, 1)
        ]
        assert np.allclose(scale, [hybrid.dense_scale(query, size) for size in (2, 1)])
    assert not label["lexical"][2].any()
    assert label["dense_deviation"][2].tolist() == [1, 1]
    with pytest.raises(ValueError, match="Hybrid"):
        collated(needs=("lexical",))
