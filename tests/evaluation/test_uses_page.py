"""The sections that decide nothing: on the page, and in the table at a run's end."""

import io

import msgspec
import pytest
from rich.console import Console
from test_calibration import of_steps, planted
from test_report import Tags
from test_tasks import clouds

from idiolect.evaluation.calibrating import PRECISION, calibrate
from idiolect.evaluation.calibration import Calibration
from idiolect.evaluation.classed_texts import ClassedTexts
from idiolect.evaluation.closing import against_table
from idiolect.evaluation.others import Other, Speed
from idiolect.evaluation.page import render_page, write_report
from idiolect.evaluation.report import read_report
from idiolect.evaluation.tasks import report

ENDPOINT = "https://embeddings.example/v1#a-model-with-quite-a-long-name"


@pytest.fixture(scope="module")
def full(gain):
    """A report with every section."""
    means = gain.datasets["test"].runs
    found = {"test": {"dense": means["dense-base"], "hybrid": means["hybrid-base"]}}
    speed = Speed(query_ms=4.25, passages_per_second=1234.5)
    comparison = gain.decisions["dense"].comparison
    against = [
        Other(name="base", role="base", dimension=384, runtime="torch", datasets=found, speed=speed, price=0),
        Other(
            name=ENDPOINT,
            role="endpoint",
            dimension=1536,
            runtime="endpoint",
            datasets=found,
            comparisons={"test": comparison},
            speed=msgspec.structs.replace(speed, measured="2026-11-02"),
            price=0.02,
        ),
        Other(name="<b>gone</b>", role="model", note="left out: base model <gone> is no directory"),
    ]
    vectors, classes = clouds(0.3)
    both = dict.fromkeys(("dense-base", "dense-tuned"), vectors)
    tasks = {"tickets": report(ClassedTexts("tickets", [""] * 60, classes), both, tuple(both), 13)}
    modes = {
        "dense": calibrate(planted(1_500, of_steps, 1), "test", planted(100, of_steps, 2)),
        "hybrid": calibrate(planted(300, lambda cosines, leads: 0 * cosines + 0.1, 3), "dev, cross-fitted"),
    }
    calibration = Calibration(
        weights="tuned", fitted_on="queries", unit="chunk", depth=10, precision=PRECISION, modes=modes
    )
    return msgspec.structs.replace(gain, against=against, tasks=tasks, calibration=calibration)


def test_every_section_is_on_the_page(full):
    page = render_page(full)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "img", "iframe", "b"}
    for text in (
        "95.5%",
        "67%",
        "99.7%",
        "Compressed vectors",
        ENDPOINT,
        "0.02 USD",
        "times measured on 2026-11-02",
        "left out: base model &lt;gone&gt; is no directory",
        "k-NN accuracy@10",
        "tickets: 60 texts, 3 classes",
        "isotonic",
        "dev, cross-fitted",
        "the teacher&#39;s",
    ):
        assert text in page, text


def test_a_report_without_them_has_no_empty_headings(gain):
    page = render_page(gain)
    assert not any(
        heading in page for heading in ("Against others", "Other uses of the vectors", "Probabilities")
    )


def test_the_record_is_read_as_it_was_written(full, tmp_path):
    write_report(full, tmp_path / "report.json", tmp_path / "report.html")
    assert read_report(tmp_path / "report.json") == full


@pytest.mark.parametrize("width", [80, 110])
def test_the_closing_table_fits_the_terminal(full, width):
    written = io.StringIO()
    Console(file=written, width=width, color_system=None).print(against_table(full))
    lines = written.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any("4.2" in line and "1,234" in line and "0.02 USD" in line for line in lines)
    assert "…" not in written.getvalue()
