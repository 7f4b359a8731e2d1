"""Probabilities that mean what they say, where the truth is planted; and when nothing is said to answer."""

import msgspec
import numpy as np
import pytest

from idiolect.errors import InputError
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.calibrating import (
    PRECISION,
    Hits,
    Scored,
    calibrate,
    expected_error,
    fit,
    hits_of,
)
from idiolect.evaluation.calibration import Calibration, leads, read_calibration
from idiolect.evaluation.retrieval import Run
from idiolect.files import write_json, write_text
from idiolect.records import Passage


def logistic(evidence):
    return 1 / (1 + np.exp(-evidence))


def planted(queries, truth, seed):
    """Hits whose relevance is drawn with probability `truth(cosine, lead)`: ten a query."""
    rng = np.random.default_rng(seed)
    cosines = np.sort(rng.normal(0.4, 0.15, (queries, 10)))[:, ::-1]
    ahead = np.stack([leads(row, np.arange(10) == 0, row[1]) for row in cosines])
    relevant = rng.random(cosines.shape) < truth(cosines, ahead)
    return Hits(
        scored=Scored(cosines.ravel(), ahead.ravel()),
        relevant=relevant.ravel(),
        groups=np.repeat(np.arange(queries), 10),
        first=np.tile(np.arange(10) == 0, queries),
        found=relevant.any(axis=1),
        without=Scored(cosines[:, 1], cosines[:, 1] - cosines[:, 2]),
    )


def of_a_logistic_truth(cosines, ahead):
    return logistic(8 * cosines + 6 * ahead - 4)


def of_steps(cosines, ahead):
    """Never likely, or nearly certain: no logistic curve is as steep in two places and flat between."""
    return np.select([cosines > 0.6, cosines > 0.3], [0.95, 0.5], 0.02)


def test_a_logistic_truth_is_found_and_holds_on_other_queries():
    dev, test = planted(400, of_a_logistic_truth, 1), planted(2_000, of_a_logistic_truth, 2)
    found = calibrate(dev, "test", test)
    assert found.ece < 0.03
    assert found.ece_first < 0.04
    told = found.curve.probability(test.scored.cosines, test.scored.leads)
    assert np.abs(told - of_a_logistic_truth(test.scored.cosines, test.scored.leads)).mean() < 0.02
    assert (found.measured_on, found.queries, found.hits, found.measured_queries) == (
        "test",
        400,
        4_000,
        2_000,
    )


def test_without_a_test_set_the_error_is_that_of_curves_fitted_on_other_documents():
    dev = planted(300, of_a_logistic_truth, 3)
    crossed, itself = calibrate(dev, "dev"), calibrate(dev, "dev", dev)
    assert crossed.curve == itself.curve
    assert crossed.ece != itself.ece
    assert crossed.ece < 0.03


def test_steps_are_followed_by_a_curve_that_never_falls():
    found = calibrate(planted(1_500, of_steps, 4), "test", planted(1_500, of_steps, 5))
    assert found.curve.method == "isotonic"
    assert found.log_losses["isotonic"] < found.log_losses["logistic"]
    assert found.ece < 0.03
    for cosines, ahead in ((np.linspace(-1, 1, 500), 0.1), (0.4, np.linspace(-1, 1, 500))):
        told = found.curve.probability(cosines, ahead)
        assert np.all(np.diff(told) >= 0)
        assert 0 < told.min() <= told.max() < 1
    low, middle, high = found.curve.probability([0.2, 0.45, 0.8], [0.01, 0.01, 0.01])
    assert (low, middle, high) == (
        pytest.approx(0.02, abs=0.02),
        pytest.approx(0.5, abs=0.06),
        pytest.approx(0.95, abs=0.04),
    )


def test_few_labels_get_a_logistic_curve():
    found = calibrate(planted(12, of_steps, 6), "dev")
    assert list(found.log_losses) == ["logistic"]


def test_scores_that_speak_against_a_hit_tell_nothing():
    hits = planted(200, lambda cosines, ahead: logistic(4 - 8 * cosines), 7)
    curve = fit(hits.scored, hits.relevant, "isotonic")
    assert (curve.slope, curve.lead_slope) == (0, 0)
    assert curve.probability([-1, 0, 1], [0, 0, 0]) == pytest.approx(hits.relevant.mean(), abs=0.002)


@pytest.mark.parametrize("right", [0.0, 0.25, 1.0])
def test_the_expected_error_is_the_distance_of_certainty_from_truth(right):
    relevant = np.arange(1_000) % 4 < 4 * right
    assert expected_error(np.full(1_000, right), relevant)[0] == pytest.approx(0, abs=1e-9)
    error, bins = expected_error(np.full(1_000, 0.9), relevant)
    assert error == pytest.approx(abs(0.9 - right))
    assert [bin.hits for bin in bins] == [100] * 10


def test_the_default_threshold_keeps_its_precision_on_other_queries():
    def sharp(cosines, ahead):
        return logistic(40 * cosines - 20)

    found = calibrate(planted(500, sharp, 8), "test", planted(2_000, sharp, 9)).abstention
    assert found.precision == pytest.approx(PRECISION, abs=0.05)
    assert 0.2 < found.answered < 1


def test_scores_that_tell_nothing_give_no_threshold():
    assert calibrate(planted(300, lambda cosines, ahead: 0 * cosines + 0.1, 10), "dev").abstention is None


def test_hits_are_the_first_ten_with_their_leads_and_what_is_left_without_the_relevant():
    passages = {name: Passage(id=name, text=name) for name in "abc"}
    dataset = Dataset("x", "dev", passages, {"q": "q", "none": "none"}, {"q": {"a": 1}, "none": {"a": 1}})
    run = Run(
        rankings={"q": ["a", "b", "c"], "none": []},
        values={},
        scores={"q": np.array([5, 3, 2.5]), "none": np.zeros(0)},
        cosines={"q": np.array([0.5, 0.3, 0.4]), "none": np.zeros(0)},
    )
    hits = hits_of(dataset, run)
    assert hits.scored.leads.tolist() == [2, -2, -2.5]
    assert hits.scored.cosines.tolist() == [0.5, 0.3, 0.4]
    assert hits.relevant.tolist() == [True, False, False]
    assert (hits.without.cosines.tolist(), hits.without.leads.tolist()) == ([0.3], [0.5])
    assert not hits.enough


def test_without_the_relevant_means_without_their_documents_where_chunks_are_judged():
    passages = {name: Passage(id=name, text=name) for name in ("a#0", "a#1", "b#0", "c#0")}
    dataset = Dataset("x", "dev", passages, {"q": "q"}, {"q": {"a#0": 1}})
    values = np.array([5, 4, 3, 1.0])
    run = Run({"q": list(passages)}, {}, {"q": values}, {"q": values / 10})
    documents = {name: name[0] for name in passages}
    assert hits_of(dataset, run).without.cosines.tolist() == [0.4]
    apart = hits_of(dataset, run, documents)
    assert (apart.without.cosines.tolist(), apart.without.leads.tolist()) == ([0.3], [2])
    assert apart.relevant.tolist() == [True, False, False, False]
    alone = hits_of(dataset, run, dict.fromkeys(passages, "one book"))
    assert alone.without.cosines.tolist() == [0.4]


def test_a_calibration_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "calibration.json"
    assert read_calibration(path) is None
    mode = calibrate(planted(1_500, of_steps, 11), "dev")
    held = Calibration(
        weights="base",
        fitted_on="masked",
        unit="chunk",
        depth=10,
        precision=PRECISION,
        modes={"dense": mode},
    )
    write_json(path, held)
    assert msgspec.structs.asdict(read_calibration(path)) == msgspec.structs.asdict(held)
    write_text(path, '{"weights": "gold"}')
    with pytest.raises(InputError, match=r"calibration\.json is no calibration"):
        read_calibration(path)
