"""No document stands on two sides, and the test that was drawn once stays the test."""

from collections import Counter

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


def test_chunks_stay_with_their_document():
    chunks = [a_chunk(f"manual-{number % 10}#{number}", "text") for number in range(30)]
    assert group_of(chunks) == {chunk.id: chunk.document_id for chunk in chunks}


def test_with_few_documents_each_chunk_stands_for_itself():
    chunks = [a_chunk(f"manual-{number % 3}#{number}", "text") for number in range(30)]
    assert group_of(chunks) == {chunk.id: chunk.id for chunk in chunks}
