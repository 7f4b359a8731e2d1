"""Dense and lexical scores on one scale, and the weight that a domain's own queries choose."""

import numpy as np
import pytest

from idiolect.mining.fusion import DOCUMENTED_DEFAULT, WEIGHTS, best_weight, fuse, standardise, weight_curve


def test_standardised_scores_have_mean_0_and_deviation_1_in_each_row():
    scores = np.array([[0.1, 0.5, 0.9, 0.2], [10.0, 11.0, 19.0, 3.0]], np.float32)
    z = standardise(scores)
    assert z.mean(axis=1) == pytest.approx([0, 0], abs=1e-6)
    assert z.std(axis=1) == pytest.approx([1, 1], abs=1e-6)
    assert (np.argsort(z) == np.argsort(scores)).all()


def test_a_query_that_shares_no_word_adds_nothing():
    assert standardise(np.zeros(4, np.float32)).tolist() == [0, 0, 0, 0]
    dense = np.array([0.3, 0.1, 0.2, 0.9], np.float32)
    assert np.array_equal(fuse(dense, np.zeros(4, np.float32), 2.0), standardise(dense))


def test_the_scale_of_either_side_does_not_matter():
    dense, lexical = np.array([0.3, 0.1, 0.2, 0.9]), np.array([4.0, 0.0, 9.0, 1.0])
    once = fuse(dense, lexical, 0.5)
    assert fuse(7 * dense + 3, 100 * lexical, 0.5) == pytest.approx(once)
    expected = (dense - dense.mean()) / dense.std() + 0.5 * (lexical - lexical.mean()) / lexical.std()
    assert once == pytest.approx(expected)


def test_weight_0_is_the_dense_ranking():
    dense, lexical = np.array([0.3, 0.1, 0.2, 0.9]), np.array([4.0, 0.0, 9.0, 1.0])
    assert np.array_equal(fuse(dense, lexical, 0.0), standardise(dense))


DENSE = np.array([[0.9, 0.5, 0.1, 0.0], [0.1, 0.2, 0.9, 0.0]])
LEXICAL = np.array([[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 0.0, 5.0]])


def test_the_curve_is_the_mean_reciprocal_rank_at_each_weight():
    curve = weight_curve(DENSE.__getitem__, LEXICAL.__getitem__, [[1], [3]], (0.0, 4.0))
    # dense alone: ranks 2 and 4; words carried by 4: rank 1 and 1
    assert curve == pytest.approx({0.0: (1 / 2 + 1 / 4) / 2, 4.0: 1.0})


def test_the_best_of_several_positives_counts():
    curve = weight_curve(DENSE.__getitem__, LEXICAL.__getitem__, [[1, 0], [3, 2]], (0.0,))
    assert curve == {0.0: 1.0}


def test_a_tie_counts_against_the_positive():
    same = np.array([[0.5, 0.5, 0.5, 0.1]])
    curve = weight_curve(same.__getitem__, np.zeros((1, 4)).__getitem__, [[0]], (0.0,))
    assert curve[0.0] == pytest.approx(1 / 3)


def test_the_highest_score_wins_and_of_equals_the_smallest_weight():
    assert best_weight({0.0: 0.4, 0.5: 0.6, 1.0: 0.5}) == 0.5
    assert best_weight({4.0: 0.6, 0.5: 0.6, 0.0: 0.4}) == 0.5
    assert best_weight({1.0: 0.3, 0.0: 0.3}) == 0.0


def test_dense_alone_is_among_the_weights_and_the_default_is_documented():
    assert WEIGHTS[0] == 0.0
    assert list(WEIGHTS) == sorted(set(WEIGHTS))
    assert DOCUMENTED_DEFAULT.weight == 0.5
