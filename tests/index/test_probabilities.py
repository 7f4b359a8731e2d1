"""What a search says of its hits: probabilities by the bundle's calibration, and when nothing answers."""

import json

import numpy as np
import pytest
from test_memory_index import chunks, finished

from idiolect.cli import main
from idiolect.errors import BundleError
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.calibrating import DEPTH, hits_of
from idiolect.evaluation.calibration import Abstention, Calibration, Curve, ModeCalibration
from idiolect.evaluation.retrieval import retrieve
from idiolect.files import write_text
from idiolect.index.memory import MemoryIndex
from idiolect.progress import Silent

pytestmark = pytest.mark.usefixtures("one_thread")

QUERIES = ("a torn membrane", "which pump draws raw water", "cloudy water", "xylophone")


def calibration(unit, slope=5.0, lead_slope=3.0, intercept=-2.0, abstention=None):
    curve = Curve(method="logistic", slope=slope, lead_slope=lead_slope, intercept=intercept)
    mode = ModeCalibration(
        curve=curve,
        log_losses={"logistic": 0.5},
        queries=20,
        hits=200,
        relevant=20,
        ece=0.01,
        ece_first=0.02,
        bins=[],
        measured_on="labelled",
        measured_queries=50,
        abstention=abstention,
    )
    modes = {"dense": mode, "hybrid": mode}
    return Calibration(
        weights="tuned", fitted_on="labelled", unit=unit, depth=10, precision=0.67, modes=modes
    )


def opened(tmp_path, model, held, weight=0.75):
    return MemoryIndex(finished(tmp_path, model, weight, held), Silent())


@pytest.mark.parametrize("weight", [0.0, 0.75])
@pytest.mark.parametrize("unit", ["document", "chunk"])
@pytest.mark.parametrize("mode", ["dense", "hybrid"])
def test_search_sees_what_the_curve_was_fitted_on(tiny_model, tmp_path, mode, unit, weight):
    index = opened(tmp_path, tiny_model, calibration(unit), weight)
    judged = {chunk.document_id if unit == "document" else chunk.id for chunk in chunks()}
    dataset = Dataset(
        name="dev",
        split="dev",
        corpus={chunk.id: chunk.passage for chunk in chunks()},
        queries={query: query for query in QUERIES},
        qrels={query: {min(judged): 1} for query in QUERIES},
        owners={chunk.id: chunk.document_id for chunk in chunks()} if unit == "document" else {},
    )
    vectors = index.encoder.encode(QUERIES, "query")
    owners = dataset.owners_of(index.corpus.ids)
    run = retrieve(dataset, index.corpus, vectors, (mode,), owners=owners)[mode]
    curve = index.probabilities.calibration.modes[mode].curve
    fitted = hits_of(dataset, run)
    expected = curve.probability(fitted.best.cosines, fitted.best.leads)
    for query, probability in zip(QUERIES, expected, strict=True):
        assert index.search(query, 3, mode)[0].probability == pytest.approx(probability, abs=1e-4)
    assert len(fitted.scored) == len(QUERIES) * min(DEPTH, len(judged))


@pytest.mark.parametrize("unit", ["document", "chunk"])
def test_a_hit_further_down_is_no_likelier(tiny_model, tmp_path, unit):
    index = opened(tmp_path, tiny_model, calibration(unit, slope=0.0))
    hits = index.search("a torn membrane", 18, "hybrid")
    owners = [hit.document_id if unit == "document" else hit.chunk_id for hit in hits]
    of_others = [hit.probability for hit, owner in zip(hits, owners, strict=True) if owner != owners[0]]
    assert of_others == sorted(of_others, reverse=True)
    assert hits[0].probability == max(hit.probability for hit in hits) > of_others[0]


def test_one_hit_shown_or_many_it_is_as_likely(tiny_model, tmp_path):
    index = opened(tmp_path, tiny_model, calibration("document"))
    assert index.search("cloudy water", 1, "hybrid")[0] == index.search("cloudy water", 9, "hybrid")[0]


def test_without_a_calibration_nothing_is_said(tiny_model, tmp_path):
    index = opened(tmp_path, tiny_model, None)
    assert {hit.probability for hit in index.search("the pump", 3, "dense")} == {None}


def test_lexical_search_has_no_probabilities(tiny_model, tmp_path):
    index = opened(tmp_path, tiny_model, calibration("chunk"))
    assert {hit.probability for hit in index.search("the pump", 3, "lexical")} == {None}


def test_a_calibration_that_was_altered_is_refused(tiny_model, tmp_path):
    workspace = finished(tmp_path, tiny_model, 0.75, calibration("chunk"))
    write_text(workspace.bundle / "calibration.json", "{}")
    with pytest.raises(BundleError, match=r"calibration\.json is no calibration"):
        MemoryIndex(workspace, Silent())


def searched(capsys, workspace, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["search", *arguments, "-w", str(workspace.root)])
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


@pytest.fixture
def planted(tiny_model, tmp_path):
    """A search whose best hit is likely where words of the query stand in one document, and in no other."""
    held = calibration("document", 0.0, 4.0, -4.0, Abstention(threshold=0.6, precision=0.7, answered=0.6))
    return finished(tmp_path, tiny_model, 4.0, held)


def test_a_query_that_nothing_answers_gets_no_hits(planted, capsys):
    code, out, _ = searched(capsys, planted, "a torn membrane", "--abstain", "--json")
    answered = json.loads(out)
    assert (code, answered["abstained"], answered["threshold"]) == (0, False, 0.6)
    assert answered["best_probability"] == answered["hits"][0]["probability"] > 0.6
    _, out, _ = searched(capsys, planted, "xylophone marmalade dirigible", "--abstain", "--json")
    empty = json.loads(out)
    assert (empty["abstained"], empty["hits"]) == (True, [])
    assert empty["best_probability"] < 0.6
    code, out, _ = searched(capsys, planted, "xylophone marmalade dirigible", "--abstain")
    assert (code, out.splitlines()[-1][:28]) == (0, "Nothing here answers this: t")
    _, out, _ = searched(capsys, planted, "xylophone marmalade dirigible", "--abstain", "0")
    assert " p 0." in out and "Nothing here" not in out


@pytest.mark.parametrize(
    ("held", "arguments", "says"),
    [
        (None, ("a pump", "--abstain"), "needs a calibrated bundle"),
        (None, ("a pump", "--abstain", "0.5"), "needs a calibrated bundle"),
        ("chunk", ("a pump", "--abstain"), "no threshold of hybrid search was precise enough on dev"),
        ("chunk", ("a pump", "--abstain", "--mode", "lexical"), "which lexical search has none of"),
        ("chunk", ("--abstain", "a pump"), "'a pump' is no probability"),
        ("chunk", ("a pump", "--abstain", "1.5"), "'1.5' is no probability"),
    ],
)
def test_what_cannot_be_abstained_on_says_why(tiny_model, tmp_path, capsys, held, arguments, says):
    workspace = finished(tmp_path, tiny_model, 0.75, held and calibration(held))
    if arguments[0] == "--abstain":
        arguments = (*arguments, "another")
    code, _, err = searched(capsys, workspace, *arguments)
    assert (code, says in err) == (2, True), err


def test_probabilities_are_plain_numbers_without_scikit_learn(tiny_model, tmp_path, monkeypatch):
    import sys

    index = opened(tmp_path, tiny_model, calibration("chunk"))
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert np.isfinite([hit.probability for hit in index.search("the pump", 3, "dense")]).all()
