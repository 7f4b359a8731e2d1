"""The same comparison within each slice of the queries, corrected for looking many times."""

from collections.abc import Mapping

from idiolect.evaluation.significance import LEVEL, RESAMPLES, Comparison, compare, holm
from idiolect.records import Record

FEWEST_QUERIES = 20
FEWEST_CLUSTERS = 10
"""A slice of fewer queries, or of queries from fewer documents, is not compared apart: Holm's correction
pays for each slice that is, and of 10 documents p can still be .002."""

_LABELS = {
    "style": "{} queries",
    "hops": "{}-hop queries",
    "language": "queries on documents in {}",
    "source": "queries on documents of {}",
    "round": "queries of the {} test",
}

Slices = Mapping[str, Mapping[str, str]]
"""Dimension ("style", "language", …) → query → value; "" is none."""


class SliceResult(Record, frozen=True, kw_only=True):
    """The comparison over the queries that have value `name` in `dimension`; `p_adjusted` is Holm's over all slices."""

    name: str
    comparison: Comparison
    p_adjusted: float
    dimension: str = "style"

    @property
    def fails(self) -> bool:
        """Whether the slice fell, by more than chance explains."""
        return self.comparison.delta < 0 and self.p_adjusted < LEVEL

    @property
    def label(self) -> str:
        return slice_label(self.dimension, self.name)


def slice_label(dimension: str, name: str) -> str:
    """ "claim queries", "2-hop queries", "queries on documents in de"."""
    return _LABELS.get(dimension, "{} queries").format(name)


def compare_slices(
    a: Mapping[str, float],
    b: Mapping[str, float],
    clusters: Mapping[str, str],
    slices: Slices,
    seed: int,
    *,
    names: tuple[str, str] = ("a", "b"),
    metric: str = "ndcg@10",
    resamples: int = RESAMPLES,
) -> list[SliceResult]:
    """`compare` within every slice that is large enough, by dimension and name.

    All are corrected together, whatever their dimension.
    """
    large, _ = by_size(list(a), clusters, slices)
    found = {
        key: compare(
            {query: a[query] for query in queries},
            {query: b[query] for query in queries},
            clusters,
            seed,
            names=names,
            metric=metric,
            resamples=resamples,
        )
        for key, queries in large.items()
    }
    adjusted = holm([comparison.p for comparison in found.values()])
    return [
        SliceResult(dimension=dimension, name=name, comparison=comparison, p_adjusted=p)
        for ((dimension, name), comparison), p in zip(found.items(), adjusted, strict=True)
    ]


Members = dict[tuple[str, str], list[str]]
"""(dimension, name) → its queries."""


def by_size(queries: list[str], clusters: Mapping[str, str], slices: Slices) -> tuple[Members, Members]:
    """The slices that are large enough to compare, and the others.

    One that holds all queries, or those of a slice before it, says nothing new and is neither.
    """
    large: Members = {}
    small: Members = {}
    seen = {frozenset(queries)}
    for dimension, values in slices.items():
        members: dict[str, list[str]] = {}
        for query in queries:
            if values.get(query):
                members.setdefault(values[query], []).append(query)
        for name, found in sorted(members.items()):
            if frozenset(found) in seen:
                continue
            seen.add(frozenset(found))
            enough = len({clusters.get(query, query) for query in found}) >= FEWEST_CLUSTERS
            held = large if enough and len(found) >= FEWEST_QUERIES else small
            held[dimension, name] = found
    return large, small
