"""The same comparison within each slice of the queries, corrected for looking many times."""

from collections.abc import Mapping

from idiolect.evaluation.significance import LEVEL, Comparison, compare, holm
from idiolect.records import Record


class SliceResult(Record, frozen=True, kw_only=True):
    """One slice's comparison; `p_adjusted` is Holm's over all slices."""

    name: str
    comparison: Comparison
    p_adjusted: float

    @property
    def fails(self) -> bool:
        """Whether the slice fell, by more than chance explains."""
        return self.comparison.delta < 0 and self.p_adjusted < LEVEL


def compare_slices(
    a: Mapping[str, float],
    b: Mapping[str, float],
    clusters: Mapping[str, str],
    slices: Mapping[str, str],
    seed: int,
    *,
    names: tuple[str, str] = ("a", "b"),
    metric: str = "ndcg@10",
) -> list[SliceResult]:
    """`compare` within every named slice (query → slice; "" is none), by name."""
    members: dict[str, list[str]] = {}
    for query in a:
        if slices.get(query):
            members.setdefault(slices[query], []).append(query)
    found = {
        name: compare(
            {query: a[query] for query in queries},
            {query: b[query] for query in queries},
            clusters,
            seed,
            names=names,
            metric=metric,
        )
        for name, queries in sorted(members.items())
    }
    adjusted = holm([comparison.p for comparison in found.values()])
    return [
        SliceResult(name=name, comparison=comparison, p_adjusted=p)
        for (name, comparison), p in zip(found.items(), adjusted, strict=True)
    ]
