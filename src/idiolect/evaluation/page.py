"""A report as JSON, and as one HTML page that needs no other file and no network."""

from collections.abc import Iterable
from pathlib import Path

from idiolect.evaluation import wording
from idiolect.evaluation.report import DatasetReport, Report
from idiolect.files import write_json, write_text
from idiolect.teachers.reporting.synthetic_report import SyntheticReport


def write_report(
    report: Report, json_path: Path, html_path: Path, written: SyntheticReport | None = None
) -> None:
    """Write the record and its page, which shows what the `written` queries are like where that is given.

    Equal reports give equal bytes.
    """
    write_json(json_path, report)
    write_text(html_path, render_page(report, written))


def render_page(report: Report, written: SyntheticReport | None = None) -> str:
    """The page; every text that came from a document or a query is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("idiolect", "evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(label=wording.label, signed=wording.signed, percent=wording.percent)
    environment.globals.update(run_axis=run_axis, delta_axis=delta_axis)
    return environment.get_template("report_page.html").render(report=report, written=written)


class Axis:
    """A linear scale from `low` to `high`, with a margin of 4% at either end."""

    def __init__(self, values: Iterable[float]) -> None:
        held = list(values)
        self.low, self.high = (min(held), max(held)) if held else (0.0, 1.0)

    def at(self, value: float) -> str:
        """Where a value lies, as a percentage of the drawing's width."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return f"{4 + 92 * min(max(share, 0.0), 1.0):.2f}%"


def run_axis(dataset: DatasetReport, metric: str) -> Axis:
    """Holds every run's mean and interval."""
    values = [means[metric] for means in dataset.runs.values() if metric in means]
    bounds = [bound for row in dataset.intervals.values() if metric in row for bound in row[metric]]
    return Axis(values + bounds)


def delta_axis(dataset: DatasetReport) -> Axis:
    """Holds every comparison's interval, and 0."""
    return Axis([0.0, *(bound for comparison in dataset.comparisons for bound in comparison.ci95)])
