"""Figures as people read them, the same in the terminal, in the page and in sentences."""

from collections.abc import Sequence

from idiolect.evaluation.significance import Comparison

_LABELS = {"ndcg": "nDCG", "recall": "Recall", "precision": "Precision", "map": "MAP", "mrr": "MRR"}
_LABELS |= {"knn_accuracy": "k-NN accuracy", "v_measure": "V-measure"}


def label(metric: str) -> str:
    """ "ndcg@10" → "nDCG@10"; other names as they are."""
    name, at, k = metric.partition("@")
    return _LABELS.get(name, name) + at + k


def signed(value: float) -> str:
    """Three decimals with a sign (a minus, not a hyphen), "±0.000" for what rounds to nothing."""
    return "±0.000" if round(value, 3) == 0 else f"{value:+.3f}".replace("-", "−")


def percent(value: float | None) -> str:
    """A relative change: 0.081 → "+8.1%"; "n/a" where it has no base."""
    if value is None:
        return "n/a"
    return "±0.0%" if round(value, 3) == 0 else f"{value:+.1%}".replace("-", "−")


def share(value: float) -> str:
    """A share of a whole: 0.125 → "12.5%"."""
    return f"{100 * value:g}%"


def probability(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def counted(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def evidence(comparison: Comparison) -> str:
    """ "0.592 → 0.640, +8.1%; 95% interval +0.020 to +0.076, p = 0.012; 300 queries from 120 documents"."""
    low, high = comparison.ci95
    return (
        f"{comparison.a_mean:.3f} → {comparison.b_mean:.3f}, {percent(comparison.relative)}; "
        f"95% interval {signed(low)} to {signed(high)}, {probability(comparison.p)}; "
        f"{counted(comparison.n, 'query', 'queries')} from {counted(comparison.clusters, 'document', 'documents')}"
    )
