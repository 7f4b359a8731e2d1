"""How often the gate errs, on simulated runs with nDCG's ties and documents of unequal size: see `bench/gate.py`."""

from collections import Counter

import numpy as np
import pytest
from gate import Trial, shift_for, simulate

from idiolect.evaluation.significance import LEVEL, Comparison
from idiolect.evaluation.verdict import decide

FAST = 999
NULLS = 1_200


def drawn(count: int, documents: tuple[int, int], shift: float = 0.0, sliced: bool = True) -> list[Trial]:
    rng = np.random.default_rng(21)
    return [simulate(rng, int(rng.integers(*documents)), shift, sliced=sliced) for _ in range(count)]


@pytest.fixture(scope="module")
def nulls() -> list[tuple[Trial, Comparison]]:
    """Runs of which neither is the better one, and their comparisons."""
    trials = drawn(NULLS, (25, 60))
    return [(trial, trial.compare(number, FAST)) for number, trial in enumerate(trials)]


def test_the_simulation_is_like_what_is_measured(nulls: list[tuple[Trial, Comparison]]) -> None:
    differences = [trial.tuned[query] - trial.base[query] for trial, _ in nulls for query in trial.base]
    assert np.mean([difference == 0 for difference in differences]) > 0.5
    assert abs(np.mean(differences)) < 0.005
    sizes = [size for trial, _ in nulls for size in Counter(trial.clusters.values()).values()]
    assert min(sizes) == 1 and max(sizes) >= 20


def test_a_difference_is_seen_in_three_to_seven_of_a_hundred_nulls(
    nulls: list[tuple[Trial, Comparison]],
) -> None:
    assert 0.03 <= np.mean([found.p <= LEVEL for _, found in nulls]) <= 0.07
    assert 0.03 <= np.mean([not found.ci95[0] <= 0 <= found.ci95[1] for _, found in nulls]) <= 0.07


def test_a_test_of_single_queries_would_see_it_far_more_often(nulls: list[tuple[Trial, Comparison]]) -> None:
    assert np.mean([trial.blind_p(n, FAST) <= LEVEL for n, (trial, _) in enumerate(nulls)]) > 0.15


def test_p_and_interval_agree_and_both_must_say_gain(nulls: list[tuple[Trial, Comparison]]) -> None:
    for _, found in nulls:
        low, high = found.ci95
        assert found.p <= LEVEL or low <= 0 <= high
        promoted = decide(found, [], []) == "promote"
        assert promoted == (found.p <= LEVEL and low > 0)
        assert not promoted or found.delta > 0


def test_promoting_errs_on_one_side_and_slices_only_stop_it(nulls: list[tuple[Trial, Comparison]]) -> None:
    promoted = stopped = fell = 0
    for number, (trial, found) in enumerate(nulls):
        slices = trial.compare_slices(number, FAST) if number < 300 or found.ci95[0] > 0 else []
        fell += number < 300 and any(result.fails for result in slices)
        alone, verdict = decide(found, [], []), decide(found, [], slices)
        promoted += alone == "promote"
        stopped += alone != verdict
        assert verdict != "promote" or alone == "promote"
    assert 0.01 <= promoted / NULLS <= 0.04
    assert fell / 300 <= 0.07
    assert stopped <= promoted


def test_a_gain_of_the_size_that_is_printed_as_detectable_is_found() -> None:
    printed = np.mean([trial.compare(1, 99).mde for trial in drawn(200, (60, 61), sliced=False)])
    gains = drawn(400, (60, 61), shift_for(float(printed), documents=10_000), sliced=False)
    promoted = [
        decide(trial.compare(number, FAST), [], []) == "promote" for number, trial in enumerate(gains)
    ]
    assert 0.70 <= np.mean(promoted) <= 0.88
