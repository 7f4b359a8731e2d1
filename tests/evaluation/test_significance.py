"""Coverage and power on simulated differences whose truth is known, and the figures of a comparison.

`test_gate` holds how often the whole gate errs.
"""

import numpy as np
import pytest

from idiolect.errors import IdiolectError
from idiolect.evaluation.resampling import student_t
from idiolect.evaluation.significance import compare, holm, mean_interval

FAST = 999
Run = dict[str, float]


def clustered(
    rng: np.random.Generator, clusters: int, effect: float = 0.0, spread: float = 0.15
) -> tuple[Run, Run, dict[str, str]]:
    """Two runs over 1 to 6 queries a document; a document's queries share most of their difference."""
    sizes = rng.integers(1, 7, clusters)
    owner = np.repeat(np.arange(clusters), sizes)
    shared = rng.normal(0, spread, clusters)[owner]
    difference = effect + shared + rng.normal(0, spread / 2, len(owner))
    names = [f"q{number}" for number in range(len(owner))]
    base = dict.fromkeys(names, 0.5)
    tuned = {name: 0.5 + value for name, value in zip(names, difference.tolist(), strict=True)}
    return base, tuned, {name: f"doc{document}" for name, document in zip(names, owner.tolist(), strict=True)}


def test_p_is_right_with_few_clusters_too() -> None:
    rng = np.random.default_rng(3)
    rejected = 0
    for trial in range(600):
        base, tuned, owner = clustered(rng, 8)
        rejected += compare(base, tuned, owner, trial, resamples=FAST).p <= 0.05
    assert rejected / 600 <= 0.07


@pytest.mark.parametrize(("clusters", "effect"), [(12, 0.05), (40, 0.02)])
def test_the_interval_covers_a_true_difference(clusters: int, effect: float) -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for trial in range(400):
        base, tuned, owner = clustered(rng, clusters, effect)
        low, high = compare(base, tuned, owner, trial, resamples=FAST).ci95
        covered += low <= effect <= high
    assert 0.92 <= covered / 400 <= 0.985


def test_a_mean_s_interval_covers_it_though_values_pile_up_at_0_and_1() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(400):
        hits = (rng.random(50) < 0.8).astype(float)
        low, high = mean_interval(
            {f"q{n}": hit for n, hit in enumerate(hits.tolist())}, {}, trial, resamples=FAST
        )
        covered += low <= 0.8 <= high
    assert 0.91 <= covered / 400 <= 0.985


def test_an_effect_of_the_size_that_mde_names_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(6)
    mde = compare(*clustered(rng, 2000), 1, resamples=10).mde * (2000 / 50) ** 0.5
    found = sum(compare(*clustered(rng, 50, mde), trial, resamples=FAST).p <= 0.05 for trial in range(300))
    assert 0.72 <= found / 300 <= 0.88


def test_the_figures_are_those_of_the_runs() -> None:
    base = {f"q{n}": 0.5 for n in range(20)}
    tuned = {f"q{n}": 0.5 + (0.1 if n % 2 else 0.2) for n in range(20)}
    result = compare(base, tuned, {}, 1, names=("dense-base", "dense-tuned"), metric="mrr@10")
    assert (result.a, result.b, result.metric, result.n, result.clusters) == (
        "dense-base",
        "dense-tuned",
        "mrr@10",
        20,
        20,
    )
    assert (result.a_mean, result.b_mean, result.delta) == pytest.approx((0.5, 0.65, 0.15))
    assert result.relative == pytest.approx(0.3)
    assert result.p == pytest.approx(1 / 10_001)
    assert 0.1 < result.ci95[0] < 0.15 < result.ci95[1] < 0.2


def test_few_clusters_are_tried_exhaustively() -> None:
    base = {f"q{n}": 0.0 for n in range(6)}
    assert compare(base, dict.fromkeys(base, 0.3), {}, 1).p == 2 / 2**6
    mixed = {f"q{n}": value for n, value in enumerate([0.4, 0.1, 0.1, 0.1, 0.1, -0.1])}
    assert compare(base, mixed, {}, 1).p == 12 / 2**6


def test_the_seed_decides_and_the_order_does_not() -> None:
    base, tuned, owner = clustered(np.random.default_rng(7), 40, 0.03)
    once = compare(base, tuned, owner, 13)
    turned = compare(dict(reversed(base.items())), tuned, dict(reversed(owner.items())), 13)
    assert once == turned
    assert once.ci95 != compare(base, tuned, owner, 14).ci95
    assert mean_interval(tuned, owner, 13) == mean_interval(dict(reversed(tuned.items())), owner, 13)


def test_one_document_says_nothing() -> None:
    base = {f"q{n}": 0.1 for n in range(50)}
    result = compare(base, dict.fromkeys(base, 0.9), dict.fromkeys(base, "the only document"), 1)
    assert (result.p, result.ci95, result.mde, result.clusters) == (1.0, (-1.0, 1.0), 1.0, 1)
    assert mean_interval(base, dict.fromkeys(base, "the only document"), 1) == (0.0, 1.0)


def test_equal_runs_do_not_differ() -> None:
    zeros = {f"q{n}": 0.0 for n in range(30)}
    result = compare(zeros, zeros, {}, 1)
    assert (result.delta, result.relative, result.p, result.ci95, result.mde) == (
        0.0,
        None,
        1.0,
        (0.0, 0.0),
        0.0,
    )


def test_four_lucky_queries_among_hundreds_are_no_gain() -> None:
    base = {f"q{n}": 0.0 for n in range(200)}
    tuned = base | {f"q{n}": 1.0 for n in range(4)}
    result = compare(base, tuned, {}, 1)
    assert result.p == 2 / 2**4
    assert result.ci95[0] <= 0


def test_runs_over_different_queries_are_refused() -> None:
    with pytest.raises(IdiolectError, match=r"cannot be paired: 1 and 2 queries, \['y'\]"):
        compare({"x": 1.0}, {"x": 1.0, "y": 0.0}, {}, 1)
    with pytest.raises(IdiolectError, match="no queries"):
        mean_interval({}, {}, 1)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(("freedom", "t"), [(5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)])
def test_student_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    assert student_t(0.975, freedom) == pytest.approx(t, abs=0.003)
