"""The lines of per_query.jsonl: what every run found for every query, and what the query may be used for."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from idiolect.evaluation.evaluated import Evaluated, Sets

Use = Literal["dev", "test", "given"]
"""Queries that choose on dev, those that test, and those of a given folder; only dev's may be learnt from."""

_TOP = 10  # passages of a ranking that are written down


def query_rows(sets: Sets, dev: Iterable[Evaluated]) -> Iterator[dict[str, Any]]:
    """The rows of all sets of an evaluation, and of the sets of `dev`, which it does not report on."""
    by_use: dict[Use, Iterable[Evaluated | None]] = {
        "test": (sets.test, sets.labelled),
        "given": (*sets.beir, *sets.guards),
        "dev": (sets.steering, *dev),
    }
    for use, members in by_use.items():
        for found in members:
            if found is not None:
                yield from _rows(found, use)


def _rows(found: Evaluated, use: Use) -> Iterator[dict[str, Any]]:
    dataset = found.dataset
    for query, text in dataset.queries.items():
        yield {
            "dataset": dataset.name,
            "split": use,
            "query_id": query,
            "query": text,
            "style": dataset.slices[query],
            "cluster": dataset.clusters[query],
            **{name: values[query] for name, values in dataset.facets.items() if query in values},
            "positives": sorted(key for key, grade in dataset.qrels[query].items() if grade > 0),
            "runs": {
                name: {"metrics": run.values[query], "top": run.rankings[query][:_TOP]}
                for name, run in found.runs.items()
            },
        }
