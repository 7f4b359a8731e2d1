"""The last window in Prometheus' text format, for node-exporter's textfile collector and the server's /metrics."""

import datetime
from collections.abc import Iterator
from pathlib import Path

from idiolect.files import write_text
from idiolect.lifecycle.drift.windows import Window

METRICS = {
    "statistic": "Statistic of a drift detector in the last window",
    "threshold": "What the statistic must exceed to be drift",
    "p_value": "Its p-value, corrected where it is of a slice",
    "drifted": "Whether the last window differs from the reference",
    "streak": "Windows in a row that differ",
    "texts": "Texts of the last window that were compared",
    "counted": "Whether the last window was large enough to count",
    "alarm": "Whether enough windows in a row differ, by any detector",
    "window_timestamp_seconds": "When the last window was looked at",
}
"""Name, after `idiolect_drift_`, → what it is. All are gauges."""

Sample = tuple[str, dict[str, str], float]
"""Name, labels, value."""


def samples(window: Window) -> Iterator[Sample]:
    """Every gauge of a window; `alarm` and the time have the label model alone."""
    model = {"model": window.name}
    for side in window.sides:
        of_side = model | {"side": side.name}
        yield "texts", of_side, side.compared
        yield "counted", of_side, side.counted
        for found in side.findings:
            labels = of_side | {"detector": found.detector, "slice": found.slice}
            yield "statistic", labels, found.statistic
            if found.threshold is not None:
                yield "threshold", labels, found.threshold
            yield "p_value", labels, found.p_adjusted
            yield "drifted", labels, found.drifted
            yield "streak", labels, found.streak
    yield "alarm", model, window.alarm
    yield "window_timestamp_seconds", model, datetime.datetime.fromisoformat(window.taken).timestamp()


def exposition(window: Window) -> str:
    """Prometheus' text format, version 0.0.4."""
    found = list(samples(window))
    lines = []
    for name, text in METRICS.items():
        lines += [f"# HELP idiolect_drift_{name} {text}", f"# TYPE idiolect_drift_{name} gauge"]
        lines += [
            f"idiolect_drift_{name}{{{_labels(labels)}}} {float(value):.10g}"
            for given, labels, value in found
            if given == name
        ]
    return "\n".join(lines) + "\n"


def write_metrics(path: Path, window: Window) -> None:
    """Whole, or not at all: a scrape never sees half of it."""
    write_text(path, exposition(window))


def _labels(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
