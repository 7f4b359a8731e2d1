"""No document stands on two sides, and the test that was drawn once stays the test."""

from collections import Counter

import pytest
from builders import a_chunk

from idiolect.mining.splits import assign, group_of

DOCUMENTS = [f"manual-{number}" for number in range(100)]


def test_fractions_are_shares_of_the_groups():
    counts = Counter(assign(DOCUMENTS, 0.2, 0.1, seed=13).values())
    assert counts == {"test": 20, "dev": 10, "train": 70}


def test_the_seed_decides_and_the_order_of_groups_does_not():
    drawn = assign(DOCUMENTS, 0.2, 0.1, seed=13)
    assert assign(DOCUMENTS[::-1], 0.2, 0.1, seed=13) == drawn
    assert assign(DOCUMENTS, 0.2, 0.1, seed=14) != drawn


def test_frozen_groups_stay_in_test_and_no_other_joins_them():
    frozen = {"manual-3", "manual-50"}
    drawn = assign(DOCUMENTS, 0.2, 0.1, seed=13, frozen_test=frozen)
    assert {group for group, split in drawn.items() if split == "test"} == frozen
    assert Counter(drawn.values())["dev"] == 10


def test_a_frozen_group_that_has_gone_is_forgotten():
    drawn = assign(DOCUMENTS[:10], 0.2, 0.1, seed=13, frozen_test=["manual-3", "elsewhere"])
    assert set(drawn) == set(DOCUMENTS[:10])
    assert drawn["manual-3"] == "test"


def test_new_documents_leave_the_split_of_train_and_dev_mostly_as_it_was():
    frozen = {"manual-3"}
    before = assign(DOCUMENTS, 0.1, 0.1, seed=13, frozen_test=frozen)
    after = assign([*DOCUMENTS, "new"], 0.1, 0.1, seed=13, frozen_test=frozen)
    assert sum(before[name] != after[name] for name in DOCUMENTS) <= 1


def test_small_fractions_are_at_least_one_group():
    assert Counter(assign(DOCUMENTS[:12], 0.01, 0.01, seed=1).values()) == {"test": 1, "dev": 1, "train": 10}
    assert Counter(assign(DOCUMENTS[:3], 0.1, 0.1, seed=1).values()) == {"test": 1, "dev": 1, "train": 1}


def test_of_two_groups_one_is_left_to_train():
    assert set(assign(DOCUMENTS[:2], 0.1, 0.1, seed=1).values()) == {"test", "train"}


SHARED = "The intake pump draws raw water from the river and is inspected every two weeks."
NOTICE = "All rights reserved; no part of this manual may be reproduced without permission."


def manuals(count, links, text=SHARED, boilerplate=()):
    """`count` documents of two chunks each; a link (a, b) makes the second chunk of b a duplicate of a's."""
    origin = {later: earlier for earlier, later in links}
    return [
        a_chunk(
            f"manual-{number}#{position}",
            text,
            duplicate_of=f"manual-{origin[number]}#1" if position and number in origin else "",
            boilerplate=boilerplate,
        )
        for number in range(count)
        for position in range(2)
    ]


def test_documents_that_hold_duplicates_are_one_group_named_by_the_first():
    groups = group_of(manuals(14, [(2, 5), (5, 7), (3, 9)]))
    linked = {"manual-2": "manual-2", "manual-5": "manual-2", "manual-7": "manual-2"}
    linked |= {"manual-3": "manual-3", "manual-9": "manual-3"}
    for identifier, group in groups.items():
        document = identifier.partition("#")[0]
        assert group == linked.get(document, document)


def test_no_split_separates_duplicates():
    chunks = manuals(60, [(number, number + 30) for number in range(0, 30, 2)])
    groups = group_of(chunks)
    for seed in range(20):
        split_of = assign(set(groups.values()), 0.2, 0.2, seed)
        sides = {chunk.id: split_of[groups[chunk.id]] for chunk in chunks}
        for chunk in chunks:
            assert sides[chunk.id] == sides[chunk.duplicate_of or chunk.id]


@pytest.mark.parametrize(
    ("text", "boilerplate"),
    [(f"{NOTICE} Notice 4.", [NOTICE]), ("See below.", [])],
    ids=["mostly boilerplate", "two words"],
)
def test_what_says_nothing_of_a_document_does_not_link_it(text, boilerplate):
    chunks = manuals(12, [(number, number + 1) for number in range(11)], text, boilerplate)
    assert group_of(chunks) == {chunk.id: chunk.document_id for chunk in chunks}


def test_a_little_boilerplate_does_not_keep_duplicates_apart():
    groups = group_of(manuals(12, [(0, 1)], f"{SHARED} {SHARED} {NOTICE}", [NOTICE]))
    assert groups["manual-1#0"] == groups["manual-1#1"] == "manual-0"


def test_with_few_documents_a_chunk_and_its_duplicates_are_a_group():
    groups = group_of(manuals(9, [(2, 5), (2, 7)]))
    assert groups["manual-2#1"] == groups["manual-5#1"] == groups["manual-7#1"] == "manual-2#1"
    assert groups["manual-5#0"] == "manual-5#0"


def test_many_versions_of_few_documents_are_few_documents():
    """Four manuals in three versions are four groups: too few to hold whole ones out."""
    chunks = manuals(12, [(number % 4, number) for number in range(4, 12)])
    groups = group_of(chunks)
    assert len(set(groups.values())) == 16
    for chunk in chunks:
        assert groups[chunk.id] == (chunk.duplicate_of or chunk.id)


def test_chunks_stay_with_their_document():
    chunks = [a_chunk(f"manual-{number % 10}#{number}", "text") for number in range(30)]
    assert group_of(chunks) == {chunk.id: chunk.document_id for chunk in chunks}


def test_with_few_documents_each_chunk_stands_for_itself():
    chunks = [a_chunk(f"manual-{number % 3}#{number}", "text") for number in range(30)]
    assert group_of(chunks) == {chunk.id: chunk.id for chunk in chunks}


def test_a_chain_of_copies_does_not_become_the_test():
    sizes = {f"d{number}": 3 for number in range(30)} | {"chain": 90}
    for seed in range(20):
        assert assign(sizes, 0.1, 0.1, seed, sizes=sizes)["chain"] == "train"
    equal = {f"d{number}": 50 for number in range(10)}
    assert sorted(assign(equal, 0.1, 0.1, 1, sizes=equal).values()) == ["dev", "test", *["train"] * 8]
