"""What `idiolect drift` found last, at /metrics: of each served bundle that lies in its WORK."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from idiolect.lifecycle.drift.metrics import METRICS, samples
from idiolect.lifecycle.drift.windows import last_window
from idiolect.lifecycle.registry import is_reference
from idiolect.workspace import Workspace


class DriftGauges(Collector):
    """Reads WORK/drift.jsonl anew at each scrape. A registered bundle lies in no WORK, and shows none."""

    def __init__(self, bundles: Sequence[Path]) -> None:
        works = [Workspace(bundle.parent) for bundle in bundles if not is_reference(bundle)]
        self._paths = list(dict.fromkeys(work.drift for work in works))

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing beforehand: whether there is anything to show is known at a scrape alone."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for window in filter(None, map(last_window, self._paths)):
            for name, labels, value in samples(window):
                family = families.setdefault(
                    name, GaugeMetricFamily(f"idiolect_drift_{name}", METRICS[name], labels=list(labels))
                )
                family.add_metric(list(labels.values()), float(value))
        yield from families.values()
