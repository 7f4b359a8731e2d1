"""Positives weigh what they are worth wherever they stood, and take more than one person to be any."""

import numpy as np
import pytest
from simulated_searches import searched

from idiolect.lifecycle.feedback.clicks import readings
from idiolect.lifecycle.feedback.positives import MOST_WEIGHT, positives
from idiolect.lifecycle.feedback.propensity import Propensities, Theta


def known(*thetas):
    rows = [
        Theta(rank=rank, theta=theta, low=theta, high=theta, clicks=100)
        for rank, theta in enumerate(thetas, 1)
    ]
    return Propensities(thetas=rows, pairs=1, queries=1, users=1)


def found(seen, propensities=None, support=2, worth=0.0):
    return positives(list(readings(seen, 30.0)), propensities, support, worth)


def test_the_weighted_estimate_of_relevance_is_unbiased_where_the_unweighted_one_is_not():
    """d stands at rank 4, where one in four looks; half of those who look are satisfied."""
    theta, gamma = np.array([1, 0.6, 0.4, 0.25]), np.array([0.3, 0.1, 0.2, 0.5])
    rng, weighted, plain = np.random.default_rng(13), [], []
    for _trial in range(30):
        seen = []
        for number in range(150):
            liked = np.flatnonzero(rng.random(4) < theta * gamma) + 1
            done = [("like", int(rank)) for rank in liked]
            seen.append(searched(number, "q", "abcd", *done, user=f"u{number}"))
        by_name = {one.document: one for one in found(seen, known(*theta), support=1).positives.get("q", ())}
        weighted.append([by_name[name].weight if name in by_name else 0.0 for name in "abcd"])
        plain.append([by_name[name].clicks / 150 if name in by_name else 0.0 for name in "abcd"])
    error = np.std(weighted, axis=0) / np.sqrt(len(weighted))
    assert (np.abs(np.mean(weighted, axis=0) - gamma) < 3 * error + 1e-4).all()
    assert np.mean(plain, axis=0)[3] < 0.35 * gamma[3], "by clicks alone it looks a quarter as good as it is"
    assert np.mean(plain, axis=0)[3] < np.mean(plain, axis=0)[0], "and worse than what is worse"


def test_a_hit_that_stood_at_several_ranks_is_weighed_at_each():
    seen = [
        searched(1, "q", "ab", ("like", 1), user="u1"),
        searched(2, "Q?", "ba", ("like", 2), user="u2"),
        searched(3, "q", "ba", user="u3"),
    ]
    (one,) = found(seen, known(1.0, 0.5)).positives["q"]
    assert (one.document, one.users, one.clicks, one.impressions) == ("a", 2, 2, 3)
    assert one.weight == pytest.approx((1 + 2 + 0) / 3)


def test_one_person_is_not_enough_however_often_and_unnamed_ones_are_one():
    often = [searched(number, "q", "ab", ("like", 1)) for number in range(5)]
    result = found(often)
    assert result.positives == {} and result.left_out == {"satisfied fewer than 2 people": 1}
    unnamed = [searched(number, "q", "ab", ("like", 1), user="") for number in range(5)]
    assert found(unnamed).positives == {}
    (one,) = found([*often, searched(9, "q", "ab", ("like", 1), user="u2")]).positives["q"]
    assert one.users == 2


def test_dislikes_take_a_positive_back():
    seen = [searched(n, "q", "ab", ("like", 1), user=f"u{n}") for n in (1, 2)]
    assert found(seen).positives
    seen += [searched(n, "q", "ab", ("dislike", 1), user=f"u{n}") for n in (3, 4)]
    assert found(seen).left_out == {"disliked by as many as it satisfied": 1}


def test_weights_are_cut_and_what_stood_where_nobody_knows_is_left_out():
    seen = [searched(n, "q", "abc", ("like", 2), ("like", 3), user=f"u{n}") for n in (1, 2)]
    result = found(seen, known(1.0, 0.01))
    (one,) = result.positives["q"]
    assert (one.document, one.weight, result.clipped) == ("b", MOST_WEIGHT, 2)
    assert result.left_out == {"satisfied clicks at ranks without propensity": 2}


def test_without_propensities_every_positive_weighs_the_same():
    seen = [searched(n, "q", "abc", ("like", 1), *[("like", 3)] * (n < 2), user=f"u{n}") for n in range(5)]
    assert [(one.document, one.weight) for one in found(seen).positives["q"]] == [("a", 1.0), ("c", 1.0)]


def test_what_satisfies_much_less_than_the_query_s_best_is_no_answer():
    """c, at rank 3, is liked as often as b above it, by fewer who look: it is worth more."""
    seen = []
    for number in range(20):
        done = [("like", 1)] * (number < 10) + [("like", 2), ("like", 3)] * (number < 3)
        seen.append(searched(number, "q", "abc", *done, user=f"u{number}"))
    result = found(seen, known(1.0, 0.5, 0.25), worth=0.7)
    assert [(one.document, one.weight) for one in result.positives["q"]] == [("c", 0.6), ("a", 0.5)]
    assert result.left_out == {"satisfied less than 0.7 x what the query's best did": 1}
    plain = found(seen, worth=0.7)
    assert [(one.document, one.weight) for one in plain.positives["q"]] == [("a", 1.0)]
