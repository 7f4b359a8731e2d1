"""Two rankings in one list: neither gains by how they are mixed, and the better one is found out."""

import random

import numpy as np
import pytest
from simulated_searches import searched

from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.clicks import readings
from idiolect.lifecycle.feedback.interleaving import preference, team_draft


def drawn(a, b, impression="i1", count=10, seed=13):
    return team_draft(a, b, ("A", "B"), seed, impression, count, key=lambda item: item)


def test_teams_pick_in_turns_their_best_that_is_not_there_yet():
    for number in range(20):
        found = drawn("abcd", "badc", f"i{number}", 4)
        assert "".join(sorted(item for item, _ in found)) == "abcd"
        for first, second in (found[:2], found[2:]):
            assert {first[1], second[1]} == {"A", "B"}, "each round both pick once"
        by_team = {team: [item for item, side in found if side == team] for team in "AB"}
        assert by_team["A"] == sorted(by_team["A"]), "in the order of their own ranking"
    assert drawn("abc", "bca", "x") == drawn("abc", "bca", "x"), "the impression's own coin"
    assert len({tuple(drawn("abc", "bca", f"i{number}")) for number in range(20)}) > 1


def test_it_ends_where_both_rankings_do_and_a_short_one_leaves_the_rest_to_the_other():
    assert [item for item, _ in drawn("ab", "ab")] in (["a", "b"], ["b", "a"])
    found = drawn("a", "bcde", count=10)
    assert sorted(item for item, _ in found) == list("abcde")
    assert drawn("", "") == [] and len(drawn("abc", "def", count=1)) == 1


def people(rng, a, b, relevance, impressions=300, users=60):
    """Impressions of two rankings of six documents; each user has a patience of their own."""
    patience = rng.uniform(0.4, 0.9, users)
    seen = []
    for number in range(impressions):
        user = int(rng.integers(users))
        mixed = team_draft(a, b, ("A", "B"), 13, f"{rng.integers(1 << 60)}", 6, key=lambda item: item)
        looked = patience[user] ** np.arange(len(mixed))
        done = [
            ("click", rank)
            for rank, (item, _) in enumerate(mixed, 1)
            if rng.random() < looked[rank - 1] * relevance[item]
        ]
        items, teams = zip(*mixed, strict=True)
        seen.append(searched(number, f"q{number % 9}", items, *done, user=f"u{user}", teams=teams))
    return preference(readings(seen, 30.0), 13)


RELEVANCE = {"a": 0.8, "b": 0.5, "c": 0.3, "d": 0.2, "e": 0.1, "f": 0.05}


def test_a_against_a_gives_half_within_its_own_interval_at_the_stated_rate():
    rng = np.random.default_rng(17)
    found = [people(rng, "abcdef", "abcdef", RELEVANCE, 120, 40) for _ in range(60)]
    assert np.mean([one.share for one in found]) == pytest.approx(0.5, abs=0.02)
    inside = [one.ci95[0] <= 0.5 <= one.ci95[1] for one in found]
    assert np.mean(inside) >= 0.88, "95% of 60; 52 or fewer has p below .01"
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.12


def test_the_better_ranking_wins():
    found = people(np.random.default_rng(3), "fedcba", "abcdef", RELEVANCE)
    assert found.wins_b > found.wins_a and found.ci95[0] > 0.5 and found.p < 0.01
    assert found.impressions == 300
    assert found.wins_a + found.wins_b + found.ties + found.unclicked == 300


def test_a_user_who_clicks_a_hundred_times_is_one_draw():
    seen = [
        searched(number, f"q{number}", "ab", ("click", 1), user="keen", teams="AB") for number in range(100)
    ]
    found = preference(readings(seen, 30.0), 13)
    assert (found.users, found.share, found.ci95, found.p) == (1, 0.0, (0.0, 1.0), 1.0)


def test_ties_stand_apart_and_other_impressions_are_no_part_of_it():
    seen = [
        searched(1, "q", "ab", ("click", 1), ("click", 2), teams="AB"),
        searched(2, "q", "ab", teams="BA"),
        searched(3, "q", "ab", ("click", 1)),
        searched(4, "q", "ab", ("click", 2), teams="AB"),
    ]
    found = preference(readings(seen, 30.0), 13)
    assert (found.impressions, found.ties, found.unclicked, found.wins_b) == (3, 1, 1, 1)
    with pytest.raises(FeedbackError, match="nothing was interleaved"):
        preference(readings(seen[2:3], 30.0), 13)
    third = searched(5, "q", "ab", teams="AC")
    with pytest.raises(FeedbackError, match="A, B, C"):
        preference(readings([*seen, third], 30.0), 13)
    assert preference(readings([*seen, third], 30.0), 13, ("B", "A")).wins_a == 1
    with pytest.raises(FeedbackError, match="no hit is of the team 'a': there are A, B"):
        preference(readings(seen, 30.0), 13, ("a", "B"))
    with pytest.raises(FeedbackError, match="with itself"):
        preference(readings(seen, 30.0), 13, ("A", "A"))


def test_the_coin_is_fair():
    first = [drawn("ab", "cd", f"imp_{random.Random(n).getrandbits(128):032x}", 1)[0][1] for n in range(2000)]
    assert np.mean([team == "A" for team in first]) == pytest.approx(0.5, abs=0.035)
