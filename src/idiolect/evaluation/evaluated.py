"""A data set with the runs over it: what compares them, and how that is reported."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from idiolect.evaluation.beir import FRESH, OLD, Dataset
from idiolect.evaluation.examples import Example, pick_examples
from idiolect.evaluation.labels import FEWEST_DECIDING, FEWEST_DOCUMENTS
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.remarks import remark
from idiolect.evaluation.report import DatasetReport
from idiolect.evaluation.retrieval import Run
from idiolect.evaluation.significance import Comparison, compare, mean_interval
from idiolect.evaluation.slices import SliceResult, by_size, compare_slices, slice_label

T = TypeVar("T")

SHOWN_METRICS = ("ndcg@10", "recall@10")

PAIRS = (
    ("dense-base", "dense-tuned"),
    ("hybrid-base", "hybrid-tuned"),
    ("dense-base", "hybrid-base"),
    ("dense-base", "hybrid-tuned"),
)
"""The comparisons that every set is reported with."""


@dataclass(frozen=True)
class Evaluated:
    dataset: Dataset
    runs: dict[str, Run]

    @property
    def name(self) -> str:
        return self.dataset.name

    def mean(self, run: str, metric: str) -> float:
        return aggregate(self.runs[run].values, self.dataset.queries)[metric]

    def compare(self, a: str, b: str, metric: str, seed: int) -> Comparison:
        first, second = self.runs[a].metric(metric), self.runs[b].metric(metric)
        return compare(first, second, self.dataset.clusters, seed, names=(a, b), metric=metric)

    def compare_slices(self, a: str, b: str, metric: str, seed: int) -> list[SliceResult]:
        return compare_slices(
            self.runs[a].metric(metric),
            self.runs[b].metric(metric),
            self.dataset.clusters,
            self.dataset.sliced,
            seed,
            names=(a, b),
            metric=metric,
        )

    def part(self, name: str, queries: Collection[str]) -> "Evaluated":
        """The same of some of the queries alone; all passages stay."""

        def of(values: Mapping[str, T]) -> dict[str, T]:
            return {query: value for query, value in values.items() if query in queries}

        whole = self.dataset
        dataset = replace(
            whole,
            name=name,
            queries=of(whole.queries),
            qrels=of(whole.qrels),
            clusters=of(whole.clusters),
            slices=of(whole.slices),
            facets={facet: of(values) for facet, values in whole.facets.items()},
        )
        runs = {
            kind: Run(values=of(run.values), rankings=of(run.rankings)) for kind, run in self.runs.items()
        }
        return Evaluated(dataset, runs)

    @property
    def small_slices(self) -> list[str]:
        """Slices that are too small to be compared apart, the largest first: "claim queries (12)"."""
        _, small = by_size(list(self.dataset.queries), self.dataset.clusters, self.dataset.sliced)
        counts = {slice_label(*key): len(queries) for key, queries in small.items()}
        return [f"{name} ({counts[name]:,})" for name in sorted(counts, key=lambda name: -counts[name])]

    def best_base(self, metric: str) -> str:
        """The better of dense and hybrid without training: what the shipped retriever must beat."""
        return max(("dense-base", "hybrid-base"), key=lambda run: self.mean(run, metric))

    def examples(self, a: str, b: str, metric: str) -> tuple[list[Example], list[Example]]:
        """Queries that run `b` won and lost against run `a`."""
        first, second = self.runs[a], self.runs[b]
        shown = Dataset(
            name=self.name,
            split=self.dataset.split,
            corpus=self.dataset.documents,
            queries=self.dataset.queries,
            qrels=self.dataset.qrels,
            clusters=self.dataset.clusters,
            slices=self.dataset.slices,
        )
        return pick_examples(
            shown, first.rankings, second.rankings, first.metric(metric), second.metric(metric)
        )

    def report(
        self, metric: str, seed: int, pair: tuple[str, str], *, kind: str, consequence: str, decides: bool
    ) -> DatasetReport:
        """Means, intervals and PAIRS compared; what `pair`, one of them, can tell goes into the remark."""
        dataset = self.dataset
        comparisons = {(a, b): self.compare(a, b, metric, seed) for a, b in PAIRS}
        return DatasetReport(
            runs={name: aggregate(run.values, dataset.queries) for name, run in self.runs.items()},
            comparisons=list(comparisons.values()),
            intervals={
                name: {
                    shown: mean_interval(run.metric(shown), dataset.clusters, seed) for shown in SHOWN_METRICS
                }
                for name, run in self.runs.items()
            },
            queries=len(dataset.queries),
            documents=len(dataset.corpus),
            clusters=len(set(dataset.clusters.values())),
            decides=decides,
            kind=kind,
            remark=remark(comparisons[pair], consequence, comparisons["dense-base", "hybrid-base"]),
        )


@dataclass(frozen=True)
class Sets:
    """All sets of an evaluation.  `test` is synthetic; `labelled` are test queries that people asked.

    `rounds`: "old" and "fresh" → the part of `test` that earlier rounds drew, and that this one did; empty in a first
    round.  `steering`: those that chose on dev, where none were left to test with; `beir`, `guards`: given ones.
    """

    test: Evaluated
    rounds: Mapping[str, Evaluated] = field(default_factory=dict)
    labelled: Evaluated | None = None
    steering: Evaluated | None = None
    beir: Sequence[Evaluated] = ()
    guards: Sequence[Evaluated] = ()

    @property
    def deciding(self) -> Evaluated:
        """Where they are enough, queries that people asked decide; else the synthetic ones, after a refresh those
        about what is new, where they are enough.
        """
        for found in (self.labelled, self.rounds.get(FRESH)):
            if found is not None and _enough(found.dataset):
                return found
        return self.test

    @property
    def sliced(self) -> Evaluated:
        """What is looked at slice by slice: beside fresh queries that decide, the old ones too."""
        return self.labelled if self.people_decide and self.labelled is not None else self.test

    @property
    def people_decide(self) -> bool:
        return self.deciding is self.labelled

    @property
    def all(self) -> list[Evaluated]:
        own = [self.test, *self.rounds.values(), self.labelled, self.steering]
        return [*(found for found in own if found is not None), *self.beir, *self.guards]


def by_round(test: Evaluated) -> dict[str, Evaluated]:
    """The test's parts by the round that drew them, as "test-old" and "test-fresh"; none where it is of one alone."""
    drawn = test.dataset.facets.get("round", {})
    names = [name for name in (OLD, FRESH) if name in drawn.values()]
    if len(names) < 2:
        return {}
    return {
        name: test.part(f"{test.name}-{name}", {query for query, value in drawn.items() if value == name})
        for name in names
    }


def _enough(dataset: Dataset) -> bool:
    documents = set(dataset.clusters.values())
    return len(dataset.queries) >= FEWEST_DECIDING and len(documents) >= FEWEST_DOCUMENTS
