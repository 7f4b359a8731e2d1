"""Dense and lexical scores on one scale, and the weight that a domain's own queries choose."""

import numpy as np
import pytest

from idiolect.mining.fusion import (
    DOCUMENTED_DEFAULT,
    WEIGHTS,
    Sides,
    best_weight,
    candidates,
    fuse,
    reciprocal_ranks,
    standardise,
    weight_curve,
)


def test_standardised_scores_have_mean_0_and_deviation_1_in_each_row():
    scores = np.array([[0.1, 0.5, 0.9, 0.2], [10.0, 11.0, 19.0, 3.0]], np.float32)
    z = standardise(scores)
    assert z.mean(axis=1) == pytest.approx([0, 0], abs=1e-6)
    assert z.std(axis=1) == pytest.approx([1, 1], abs=1e-6)
    assert (np.argsort(z) == np.argsort(scores)).all()


def test_a_query_that_shares_no_word_adds_nothing():
    assert standardise(np.zeros(4, np.float32)).tolist() == [0, 0, 0, 0]
    dense = np.array([0.3, 0.1, 0.2, 0.9], np.float32)
    assert np.array_equal(fuse(dense, np.zeros(4, np.float32), 2.0, 9), standardise(dense))


def test_the_scale_of_either_side_does_not_matter():
    dense, lexical = np.array([0.3, 0.1, 0.2, 0.9]), np.array([4.0, 0.0, 9.0, 1.0])
    once = fuse(dense, lexical, 0.5, 9)
    assert fuse(7 * dense + 3, 100 * lexical, 0.5, 9) == pytest.approx(once)
    expected = (dense - dense.mean()) / dense.std() + 0.5 * (lexical - lexical.mean()) / lexical.std()
    assert once == pytest.approx(expected)


def test_weight_0_is_the_dense_ranking():
    dense, lexical = np.array([0.3, 0.1, 0.2, 0.9]), np.array([4.0, 0.0, 9.0, 1.0])
    assert np.array_equal(fuse(dense, lexical, 0.0, 9), standardise(dense))


DENSE = np.array([[0.9, 0.5, 0.1, 0.0], [0.1, 0.2, 0.9, 0.0]])
LEXICAL = np.array([[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 0.0, 5.0]])


def test_the_candidates_are_the_best_of_either_side_and_never_what_shares_no_term():
    dense, lexical = np.array([0.9, 0.8, 0.1, 0.2, 0.3]), np.array([0.0, 0.0, 7.0, 0.0, 0.0])
    assert candidates(dense, lexical, 2).tolist() == [0, 1, 2]
    assert candidates(dense, lexical, 5).tolist() == [0, 1, 2, 3, 4]


def test_what_lies_beyond_the_candidates_changes_nothing_and_ranks_last():
    generator = np.random.default_rng(3)
    dense, lexical = generator.normal(size=400), generator.exponential(size=400)
    inside = candidates(dense, lexical, 50)
    assert 50 < len(inside) <= 100
    near = fuse(dense[inside], lexical[inside], 0.7, 50)
    whole = fuse(dense, lexical, 0.7, 50)
    assert whole[inside] == pytest.approx(near)
    outside = np.setdiff1d(np.arange(400), inside)
    assert whole[outside].max() < near.min() and np.isfinite(whole).all()
    moved = dense.copy()
    moved[outside] -= 5
    assert fuse(moved, lexical, 0.7, 50)[inside] == pytest.approx(near)


def test_a_weight_above_0_asks_both_sides_alike():
    """Without candidates a passage that both sides put in the middle could pass those that one puts first."""
    dense = np.array([1.0, 0.0, 0.9, 0.1, 0.0, 0.0])
    lexical = np.array([0.0, 1.0, 0.9, 0.1, 0.0, 0.0])
    assert fuse(dense, lexical, 1.0, 6).argmax() == 2
    assert fuse(dense, lexical, 1.0, 1).argmax() != 2


def curve_of(dense, lexical, relevant, weights):
    sides = [Sides(*rows, 9) for rows in zip(dense, lexical, strict=True)]
    return weight_curve(reciprocal_ranks(sides, relevant, weights), weights)


def test_the_curve_is_the_mean_reciprocal_rank_at_each_weight():
    curve = curve_of(DENSE, LEXICAL, [[1], [3]], (0.0, 4.0))
    # dense alone: ranks 2 and 4; words carried by 4: rank 1 and 1
    assert curve == pytest.approx({0.0: (1 / 2 + 1 / 4) / 2, 4.0: 1.0})


def test_the_best_of_several_positives_counts():
    curve = curve_of(DENSE, LEXICAL, [[1, 0], [3, 2]], (0.0,))
    assert curve == {0.0: 1.0}


def test_a_tie_counts_against_the_positive():
    same = np.array([[0.5, 0.5, 0.5, 0.1]])
    curve = curve_of(same, np.zeros((1, 4)), [[0]], (0.0,))
    assert curve[0.0] == pytest.approx(1 / 3)


def test_the_highest_score_wins_and_of_equals_the_smallest_weight():
    assert best_weight({0.0: 0.4, 0.5: 0.6, 1.0: 0.5}) == 0.5
    assert best_weight({4.0: 0.6, 0.5: 0.6, 0.0: 0.4}) == 0.5
    assert best_weight({1.0: 0.3, 0.0: 0.3}) == 0.0


def test_dense_alone_is_among_the_weights_and_the_default_is_documented():
    assert WEIGHTS[0] == 0.0
    assert list(WEIGHTS) == sorted(set(WEIGHTS))
    assert DOCUMENTED_DEFAULT.weight == 0.5
