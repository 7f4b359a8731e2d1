"""Is the difference between two runs more than chance?  Queries of one document count as one draw."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean

from idiolect.errors import IdiolectError
from idiolect.evaluation.resampling import (
    MIN_CLUSTERS,
    bootstrap_means,
    cluster_sums,
    expanded_percentiles,
    sign_flip_p,
    standard_error,
)
from idiolect.records import Record

RESAMPLES = 10_000
LEVEL = 0.05

_MDE_FACTOR = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.80)


class Comparison(Record, frozen=True, kw_only=True):
    """Run `b` against run `a` on the same queries.

    `a_mean`, `b_mean`: the metric's means; `delta`: b − a; `relative`: delta / a_mean, None where
    that is 0; `ci95`: interval of delta; `p`: two-sided; `n`: queries; `clusters`: what they came
    from; `mde`: the smallest true difference that such a test finds 4 times in 5.
    """

    a: str
    b: str
    metric: str
    delta: float
    relative: float | None
    ci95: tuple[float, float]
    p: float
    n: int
    clusters: int
    mde: float
    a_mean: float
    b_mean: float


def compare(
    a: Mapping[str, float],
    b: Mapping[str, float],
    clusters: Mapping[str, str],
    seed: int,
    *,
    names: tuple[str, str] = ("a", "b"),
    metric: str = "ndcg@10",
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare two runs' values per query, each in [0, 1], paired by query.

    p: sign-flip permutation over clusters.  ci95: cluster bootstrap, expanded percentiles; where p is
    above 0.05 it is widened to hold 0, for with few differing queries the bootstrap alone is too sure.
    mde: (z.975 + z.80) × the cluster-robust standard error.  With fewer than MIN_CLUSTERS clusters
    nothing can be said, and ci95 is [−1, 1], mde 1.  The same inputs and seed give the same result,
    whatever the order of the mappings.  Raises IdiolectError where the runs' queries differ or are none.
    """
    if not a or a.keys() != b.keys():
        odd = sorted(a.keys() ^ b.keys())
        raise IdiolectError(
            f"{names[0]} and {names[1]} cannot be paired: {len(a)} and {len(b)} queries, {odd[:3]}"
        )
    queries = sorted(a)
    differences = {query: b[query] - a[query] for query in queries}
    sums, sizes = cluster_sums(differences, clusters)
    a_mean, b_mean = fmean(a[query] for query in queries), fmean(b[query] for query in queries)
    delta = fmean(differences.values())
    p = sign_flip_p(sums, (seed, 0), resamples)
    low, high, mde = -1.0, 1.0, 1.0
    if len(sums) >= MIN_CLUSTERS:
        means = bootstrap_means(sums, sizes, (seed, 1), resamples)
        low, high = expanded_percentiles(means, len(sums))
        if p > LEVEL:
            low, high = min(low, 0.0), max(high, 0.0)
        mde = _MDE_FACTOR * standard_error(sums, sizes)
    return Comparison(
        a=names[0],
        b=names[1],
        metric=metric,
        delta=delta,
        relative=delta / a_mean if a_mean else None,
        ci95=(low, high),
        p=p,
        n=len(queries),
        clusters=len(sums),
        mde=mde,
        a_mean=a_mean,
        b_mean=b_mean,
    )


def mean_interval(
    values: Mapping[str, float], clusters: Mapping[str, str], seed: int, *, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """95% interval of one run's mean over queries (values in [0, 1]), by cluster bootstrap.

    [0, 1] with fewer than MIN_CLUSTERS clusters.  Raises IdiolectError where there are no values.
    """
    if not values:
        raise IdiolectError("no queries to average over")
    sums, sizes = cluster_sums(dict(sorted(values.items())), clusters)
    if len(sums) < MIN_CLUSTERS:
        return 0.0, 1.0
    return expanded_percentiles(bootstrap_means(sums, sizes, (seed, 2), resamples), len(sums))


def holm(pvalues: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (Holm 1979), in the order given: reject where the result is below 5%."""
    adjusted = [0.0] * len(pvalues)
    running = 0.0
    for step, index in enumerate(sorted(range(len(pvalues)), key=pvalues.__getitem__)):
        running = max(running, min(1.0, (len(pvalues) - step) * pvalues[index]))
        adjusted[index] = running
    return adjusted
