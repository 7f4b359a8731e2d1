"""What people labelled keeps its side in a later round, whatever feedback says of the same words."""

import pytest

from idiolect.files import write_json, write_jsonl
from idiolect.mining.carried import Facts, read_carried
from idiolect.records import FrozenTest, Split
from idiolect.workspace import Workspace


@pytest.mark.parametrize("learnt", ["a1", "f1"], ids=["before", "after"])
def test_a_learnt_query_that_nothing_uses_takes_no_labelled_one_s_place(tmp_path, learnt):
    work = Workspace(tmp_path)
    splits = [
        Split(query_id="b7", split="test", group="why does it rattle"),
        Split(query_id=learnt, split="unused", group="why does it rattle"),
        Split(query_id="c1", split="unused", group="what else"),
    ]
    write_jsonl(work.carried_labels, sorted(splits, key=lambda one: one.query_id))
    for path in (work.carried_chunks, work.carried_queries, work.carried_negatives):
        write_jsonl(path, [])
    write_json(work.carried_facts, Facts(teacher="extractive"))
    test = FrozenTest(
        digest="", seed=13, test_fraction=0.1, teacher="extractive", queries=[], passages={}, groups=[]
    )
    write_json(work.carried_test, test)
    assert read_carried(work).labels == {"why does it rattle": "test", "what else": "unused"}
