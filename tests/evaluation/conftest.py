"""One evaluation that gained and one that did not, small enough to reckon with."""

import pytest
from simulated_runs import SKILL, evaluated

from idiolect.evaluation.report import Report


@pytest.fixture(scope="session")
def gain() -> Report:
    return evaluated(SKILL)


@pytest.fixture(scope="session")
def no_gain() -> Report:
    return evaluated(SKILL | {"dense-tuned": 2.0, "hybrid-tuned": 2.8})
