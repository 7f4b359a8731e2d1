"""Propensities that were planted are found again within their own intervals, and refused where they cannot be known."""

import numpy as np
import pytest
from simulated_searches import searched, shown

from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.clicks import readings
from idiolect.lifecycle.feedback.position_model import Shown
from idiolect.lifecycle.feedback.propensity import FEWEST, WIDEST, fit, fit_shown

SHAPES = {
    "one over rank": 1 / np.arange(1, 8),
    "none": np.ones(5),
    "a bump at three": np.array([1.0, 0.5, 0.8, 0.3, 0.4]),
    "steep": 0.6 ** np.arange(5),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_planted_propensities_are_recovered_within_their_own_intervals(shape):
    theta, rng = SHAPES[shape], np.random.default_rng(7)
    inside, ratios = [], []
    for _ in range(60):
        found = fit_shown(Shown(*shown(rng, theta)))
        assert [one.rank for one in found.thetas] == list(range(1, len(theta) + 1)) and not found.left_out
        for one in found.thetas[1:]:
            inside.append(one.low <= theta[one.rank - 1] <= one.high)
            ratios.append(one.theta / theta[one.rank - 1])
    assert np.mean(inside) >= 0.92, "95% intervals, of some hundred, should hold the truth"
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05), "unbiased"


def test_intervals_hold_over_many_trials_at_the_stated_rate():
    """One shape, small logs, more trials: 95% at least, for the larger of two errors is taken."""
    theta, rng = SHAPES["one over rank"][:3], np.random.default_rng(11)
    inside = []
    for _ in range(300):
        found = fit_shown(Shown(*shown(rng, theta, queries=40, impressions=30, users=60)))
        inside += [one.low <= theta[one.rank - 1] <= one.high for one in found.thetas[1:]]
    assert 0.94 <= np.mean(inside) <= 0.99


def test_many_pairs_with_few_impressions_each_bias_nothing():
    """Where each pair was shown twice, its own relevance is never known; the ranks' propensities are."""
    theta, rng = SHAPES["one over rank"][:4], np.random.default_rng(3)
    trials = [fit_shown(Shown(*shown(rng, theta, queries=3000, impressions=2, users=800))) for _ in range(20)]
    inside = [one.low <= theta[one.rank - 1] <= one.high for found in trials for one in found.thetas[1:]]
    assert np.mean(inside) >= 0.88
    for rank in (2, 3, 4):
        mean = np.mean([found.by_rank[rank] for found in trials])
        assert mean == pytest.approx(theta[rank - 1], rel=0.06)


def test_documents_that_always_stand_at_one_rank_are_refused():
    confounded = shown(np.random.default_rng(5), SHAPES["one over rank"], shuffled=False)
    with pytest.raises(FeedbackError, match=r"stood at one rank alone .* show some at other ranks"):
        fit_shown(Shown(*confounded))


def test_ranks_that_no_document_joins_to_the_first_are_refused_or_left_out():
    def swapped(ranks, count=400):
        rng = np.random.default_rng(1)
        return [
            ((number % 40, str(ranks), item), rank, bool(rng.random() < 0.4), number % 40, number)
            for number in range(count)
            for item, rank in enumerate(ranks if number % 3 else ranks[::-1])
        ]

    with pytest.raises(FeedbackError, match="stood at rank 1 and at another one"):
        fit_shown(Shown(*zip(*swapped((3, 4)), strict=True)))
    found = fit_shown(Shown(*zip(*swapped((1, 2)), *swapped((5, 6)), strict=True)))
    assert [one.rank for one in found.thetas] == [1, 2]
    assert set(found.left_out) == {5, 6}
    assert "joins it to rank 1" in found.left_out[5]
    assert 5 not in found.by_rank and found.by_rank[1] == 1.0


def test_too_little_is_refused_with_the_interval_that_it_would_have():
    few = shown(np.random.default_rng(2), SHAPES["none"][:2], queries=12, impressions=6, users=40)
    with pytest.raises(FeedbackError) as refused:
        fit_shown(Shown(*few))
    said = str(refused.value)
    assert "95% interval" in said or f"{FEWEST} are needed" in said
    assert "wait for more feedback" in said and "\n" not in said


def test_one_user_clicking_for_hundreds_is_no_evidence_of_hundreds():
    *columns, user = shown(np.random.default_rng(4), SHAPES["none"][:3])
    with pytest.raises(FeedbackError, match="are needed"):
        fit_shown(Shown(*columns, np.zeros_like(user)))


def test_what_is_kept_is_no_wider_than_said():
    rng = np.random.default_rng(9)
    for queries in (15, 30, 60):
        try:
            found = fit_shown(
                Shown(*shown(rng, SHAPES["one over rank"], queries=queries, impressions=10, users=90))
            )
        except FeedbackError:
            continue
        assert all(one.high <= WIDEST * one.low for one in found.thetas)
        assert all("interval" in why or "bear on it" in why for why in found.left_out.values())


def test_impressions_are_read_as_they_were_logged():
    """Half of the people see a and b swapped; both are clicked half as often at rank 2."""
    rng = np.random.default_rng(6)
    seen = []
    for number in range(2000):
        order = "ab" if number // 50 % 2 else "ba"
        done = [("click", rank) for rank in (1, 2) if rng.random() < 0.6 / rank]
        seen.append(searched(number, f"Query {number % 50}?", order, *done, user=f"u{number % 300}"))
    found = fit(readings(seen, 30.0))
    assert found.thetas[1].low <= 0.5 <= found.thetas[1].high
    assert found.pairs == 100 and found.queries == 50 and found.users == 300
    with pytest.raises(FeedbackError, match="nothing was clicked"):
        fit(readings([searched(1, "q", "ab")], 30.0))


def test_a_document_that_one_list_names_twice_says_nothing_of_ranks():
    """Two chunks of d under one name, of which the better always stands above: where they stood is confounded."""
    rng = np.random.default_rng(8)
    relevance, seen = (0.8, 0.2, 0.5, 0.4), []
    for number in range(2000):
        order = "ddab" if number // 50 % 2 else "ddba"
        done = [
            ("click", rank)
            for rank in range(1, 5)
            if rng.random() < relevance[rank - 1 if rank < 3 else "ab".index(order[rank - 1]) + 2]
        ]
        seen.append(searched(number, f"q{number % 50}", order, *done, user=f"u{number % 300}"))
    with pytest.raises(FeedbackError, match="stood at rank 1 and at another one"):
        fit(readings(seen, 30.0))
    alone = [searched(number, "q", "dd", ("click", 1), user=f"u{number}") for number in range(9)]
    with pytest.raises(FeedbackError, match="names more than once; give each hit's `chunk`"):
        fit(readings(alone, 30.0))


def test_a_rank_of_which_nothing_can_be_told_is_named():
    rng = np.random.default_rng(6)
    seen = []
    for number in range(2000):
        order = "abc" if number // 50 % 2 else "bac"
        done = [("click", rank) for rank in (1, 2, 3) if rng.random() < 0.6 / rank]
        seen.append(searched(number, f"q{number % 50}", order, *done, user=f"u{number % 300}"))
    found = fit(readings(seen, 30.0))
    assert list(found.by_rank) == [1, 2] and list(found.left_out) == [3]
    assert "at another rank" in found.left_out[3]
