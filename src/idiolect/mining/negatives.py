"""Which passages a query is trained against: hard negatives, and candidates for listwise distillation."""

import random
from collections.abc import Collection, Sequence

import numpy as np

from idiolect.mining.top import top

_SAMPLED_FROM = 10  # NV-Retriever samples its four negatives from the top ten (arXiv 2407.15831)


def hard_negatives(
    scores: np.ndarray,
    positives: Sequence[int],
    banned: Collection[int],
    count: int,
    margin: float,
    depth: int,
    generator: random.Random,
) -> list[int]:
    """Columns of at most `count` hard negatives: among the `depth` best ranked, sampled from the first ten
    that are neither positive nor banned and score below `margin` × the lowest positive's score.

    Positive-aware mining after NV-Retriever (arXiv 2407.15831).  Fewer come back where fewer
    survive; what is masked is never used to make up the number.
    """
    ceiling = below(min(float(scores[column]) for column in positives), margin)
    excluded = {*positives, *banned}
    ranked = [int(column) for column in top(scores, depth + len(excluded)) if column not in excluded][:depth]
    survivors = [column for column in ranked if scores[column] < ceiling]
    pool = survivors[: max(_SAMPLED_FROM, count)]
    return sorted(generator.sample(pool, min(count, len(pool))), key=lambda column: -float(scores[column]))


def below(score: float, margin: float) -> float:
    """margin × score, and as far below a score that is negative."""
    return score - (1 - margin) * abs(score)


def listwise_candidates(
    scores: np.ndarray, banned: Collection[int], count: int, depth: int, generator: random.Random
) -> list[int]:
    """Columns of at most `count` candidates among the `depth` best ranked, half from the top third, best first."""
    ranked = [int(column) for column in top(scores, depth + len(banned)) if column not in banned][:depth]
    head, tail = ranked[: max(depth // 3, 1)], ranked[max(depth // 3, 1) :]
    chosen = generator.sample(head, min((count + 1) // 2, len(head)))
    chosen += generator.sample(tail, min(count - len(chosen), len(tail)))
    return sorted(chosen, key=lambda column: -float(scores[column]))
