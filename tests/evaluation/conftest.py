"""One evaluation that gained and one that did not, small enough to reckon with."""

import pytest
from simulated_runs import SKILL, evaluated

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.report import Report
from idiolect.records import Passage


@pytest.fixture(scope="session")
def gain() -> Report:
    return evaluated(SKILL)


@pytest.fixture(scope="session")
def no_gain() -> Report:
    return evaluated(SKILL | {"dense-tuned": 2.0, "hybrid-tuned": 2.8})


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Two hundred queries, each with a passage of its own."""
    return Dataset(
        name="test",
        split="test",
        corpus={f"d{number}": Passage(id=f"d{number}", text=f"passage {number}") for number in range(200)},
        queries={f"q{number}": f"query {number}" for number in range(200)},
        qrels={f"q{number}": {f"d{number}": 1} for number in range(200)},
    )
