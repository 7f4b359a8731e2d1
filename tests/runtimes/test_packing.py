"""How texts come to share rows: what each row holds, and what that costs."""

import numpy as np
import pytest

from idiolect.runtimes.packing import ROW_TOKENS, arrange, pack, passes

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize(("count", "longest"), [(1, 9), (3, 30), (16, 40), (31, 64), (300, 12), (20, 250)])
def test_every_text_is_in_one_row_that_holds_it(count, longest):
    lengths = RANDOM.integers(1, longest + 1, count).tolist()
    width, rows = arrange(lengths)
    assert sorted(index for row in rows for index in row) == list(range(count))
    assert all(sum(lengths[index] for index in row) <= width for row in rows)


@pytest.mark.parametrize("count", [4, 16, 31])
def test_short_texts_of_any_lengths_hardly_need_padding(count):
    shares = []
    for _ in range(50):
        lengths = RANDOM.integers(7, 61, count).tolist()
        width, rows = arrange(lengths)
        shares.append(sum(lengths) / (width * len(rows)))
    assert np.mean(shares) > 0.9


def test_few_tokens_are_one_row_as_wide_as_they_need():
    assert arrange([7]) == (8, [[0]])
    assert arrange([10, 20, 3]) == (36, [[0, 1, 2]])


def test_long_texts_have_a_row_each_which_short_ones_fill_up():
    width, rows = arrange([250, 60, 180, 10, 250])
    assert width == 252
    assert sorted(map(sorted, rows)) == [[0], [1, 2, 3], [4]]
    assert arrange([100] * 5) == (100, [[4], [3], [2], [1], [0]])


def test_texts_as_long_as_one_another_need_no_padding():
    width, rows = arrange([40] * 20)
    assert width * len(rows) == 800


def test_tokens_are_numbered_by_text_and_from_each_texts_start():
    packed = pack([np.array([7, 8, 9]), np.array([5])], padding=1)
    given = {name: value.tolist() for name, value in packed.inputs.items()}
    assert given["input_ids"] == [[7, 8, 9, 5]]
    assert given["position_ids"] == [[0, 1, 2, 0]]
    assert given["texts"] == [[1, 1, 1, 2]]
    assert given["numbers"][:2] == [1, 2]
    assert packed.places.tolist() == [0, 1]


def test_padding_belongs_to_no_text():
    packed = pack([np.array([7] * ROW_TOKENS), np.array([5, 5])], padding=1)
    ids, texts = packed.inputs["input_ids"], packed.inputs["texts"]
    assert (ids[texts == 0] == 1).all()
    assert (texts > 0).sum() == ROW_TOKENS + 2


def test_a_lone_long_text_has_one_place():
    assert pack([np.arange(100)], padding=0).inputs["numbers"].tolist() == [1]


def test_passes_hold_every_text_once_within_the_budget():
    lengths = RANDOM.integers(1, 60, 200).tolist()
    plan = list(passes(lengths, 256))
    assert sorted(index for taken in plan for index in taken) == list(range(200))
    assert all(sum(lengths[index] for index in taken) <= 256 for taken in plan)
    assert len(plan) < 1.2 * sum(lengths) / 256
    assert list(passes([10, 500, 10], 256)) == [[1], [0, 2]]
    assert list(passes([], 256)) == []
