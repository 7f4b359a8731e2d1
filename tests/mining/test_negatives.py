"""Negatives are hard, but never what might be right; where too few are left, fewer are taken."""

import random

import numpy as np
import pytest

from idiolect.mining.negatives import hard_negatives, listwise_candidates
from idiolect.mining.top import top

SCORES = np.linspace(10.0, 0.1, 100)  # column 0 ranks first


def mined(scores=SCORES, positives=(0,), banned=(), count=4, margin=0.95, depth=30, seed=1):
    return hard_negatives(scores, positives, banned, count, margin, depth, random.Random(seed))


def test_negatives_score_below_the_margin_and_among_the_first_ten_that_do():
    allowed = [column for column in range(100) if SCORES[column] < 0.95 * SCORES[0]][:10]
    seen = set().union(*(mined(seed=seed) for seed in range(60)))
    assert seen == set(allowed)


def test_the_lowest_positive_sets_the_margin_and_no_positive_is_a_negative():
    for seed in range(30):
        found = mined(positives=(0, 12), seed=seed)
        assert all(SCORES[column] < 0.95 * SCORES[12] for column in found)
        assert len(found) == 4


def test_banned_columns_are_never_drawn():
    banned = range(6, 12)
    seen = set().union(*(mined(banned=banned, seed=seed) for seed in range(60)))
    assert seen
    assert not seen & set(banned)


def test_they_come_hardest_first_and_the_same_for_one_seed():
    found = mined()
    assert found == sorted(found, key=lambda column: -SCORES[column])
    assert found == mined()
    assert any(mined(seed=seed) != found for seed in range(2, 12))


def test_a_shortfall_is_not_filled_with_what_is_masked():
    scores = np.array([1.0, 0.99, 0.98, 0.97, 0.5, 0.4])
    assert mined(scores) == [4, 5]
    assert mined(scores, banned=[4]) == [5]
    assert mined(np.array([1.0, 0.99, 0.98])) == []


@pytest.mark.parametrize("depth", [8, 12])
def test_nothing_below_the_depth_is_drawn_whatever_is_banned(depth):
    banned = range(60, 100)
    seen = set().union(*(mined(banned=banned, depth=depth, count=9, seed=seed) for seed in range(40)))
    assert seen
    assert max(seen) <= depth, "columns 1 to depth are the best that are no positive"


def test_more_than_ten_can_be_asked_for():
    assert len(mined(count=15)) == 15


def test_a_positive_below_the_average_has_no_negative_above_it():
    """Fused scores are standardised: a poorly found positive scores below 0."""
    scores = np.array([3.0, -1.0, -0.97, -1.2, -1.4])
    assert all(scores[column] < -1.0 for column in mined(scores, positives=(1,)))


def candidates(banned=(), count=6, depth=30, seed=1, scores=SCORES):
    return listwise_candidates(scores, banned, count, depth, random.Random(seed))


def test_half_of_the_candidates_come_from_the_top_third():
    for seed in range(30):
        found = candidates(seed=seed)
        assert sum(column < 10 for column in found) == 3
        assert sum(10 <= column < 30 for column in found) == 3
        assert found == sorted(found)


def test_the_banned_make_room_for_those_behind_them():
    banned = range(10)
    seen = set().union(*(candidates(banned, seed=seed) for seed in range(80)))
    assert seen == set(range(10, 40))


def test_few_passages_give_few_candidates():
    scores = np.array([0.5, 0.9, 0.1])
    assert candidates(scores=scores, depth=3) == [1, 0, 2]
    assert candidates([0, 1, 2], scores=scores) == []
    assert candidates([1], scores=scores, count=1, depth=3) == [int(top(scores, 2)[1])]
