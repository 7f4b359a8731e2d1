"""The position-based model's likelihood: impressions and clicks of pairs in, log theta and its errors out.

P(click | query, document, rank) = theta[rank] · gamma[query, document].  Given a pair's clicks, how they divide over
its ranks depends on theta alone: in proportion to impressions · theta.  That conditional likelihood (the multinomial
of Poisson regression with fixed effects: Hausman, Hall and Griliches 1984, doi 10.2307/1911191) has no gamma in it, so
that many pairs with a few clicks each do not bias it as estimating each one's gamma would, and its score has mean 0
wherever the mean of clicks is theta · gamma (Wooldridge 1999, doi 10.1016/S0304-4076(98)00033-5), clicks being no
Poisson counts notwithstanding.
"""

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Column = Iterable[Hashable] | NDArray[np.int64] | NDArray[np.bool_]

_STEPS, _STILL = 100, 1e-10


class Shown:
    """Hits of pairs of query and document that stood at several ranks and were clicked, as columns of numbers.

    `pair`, `rank`, `clicked`, `query`, `user`: int64 [hits]; ranks count from 0.
    """

    def __init__(
        self,
        pair: Column,
        rank: Column,
        clicked: Column,
        query: Column,
        user: Column,
    ) -> None:
        """A column each; ranks count from 1 here, as they were shown."""
        self.pair, self.query, self.user = (_numbered(column) for column in (pair, query, user))
        self.rank = np.fromiter(rank, np.int64) - 1
        self.clicked = np.fromiter(clicked, np.int64)
        self.depth = int(self.rank.max()) + 1 if len(self.rank) else 0

    def telling(self, ranks: NDArray[np.bool_]) -> "Shown":
        """Those at `ranks` alone, of pairs that still stood at several of them and were clicked there."""
        self._keep(ranks[self.rank])
        shown, clicks = self.counts()
        several = ((shown > 0).sum(axis=1) > 1) & (clicks.sum(axis=1) > 0)
        self._keep(several[self.pair])
        self.pair = _numbered(self.pair)
        return self

    def standing(self) -> NDArray[np.bool_]:
        """bool [depth]: the ranks at which anything stands."""
        stands: NDArray[np.bool_] = np.bincount(self.rank, minlength=self.depth) > 0
        return stands

    def counts(self) -> tuple[Floats, Floats]:
        """Impressions and clicks of each pair at each rank: float64 [pairs, depth]."""
        pairs = int(self.pair.max()) + 1 if len(self.pair) else 0
        cells = self.pair * self.depth + self.rank
        size = pairs * self.depth
        shown = np.bincount(cells, minlength=size).astype(np.float64)
        clicks = np.bincount(cells, self.clicked, minlength=size).astype(np.float64)
        return shown.reshape(pairs, self.depth), clicks.reshape(pairs, self.depth)

    def _keep(self, which: NDArray[np.bool_]) -> None:
        for name in ("pair", "rank", "clicked", "query", "user"):
            setattr(self, name, getattr(self, name)[which])


def joined(shown: Floats, clicks: Floats) -> NDArray[np.bool_]:
    """bool [depth]: the ranks whose theta relative to rank 1's is finite and above 0.

    There must be a way from rank 1 to it, and one back, over pairs that were clicked at the one rank and stood at
    the other: Ford's condition for paired comparisons (1957, doi 10.2307/2308513).
    """
    depth = shown.shape[1]
    reach = ((clicks > 0).T.astype(np.float64) @ (shown > 0) > 0) | np.eye(depth, dtype=bool)
    for _ in range(max(depth - 1, 1).bit_length()):
        reach = (reach.astype(np.float64) @ reach) > 0
    both: NDArray[np.bool_] = reach[0] & reach[:, 0]
    return both


def fitted(shown: Shown, ranks: NDArray[np.int64]) -> tuple[Floats, Floats, list[int]]:
    """log theta of `ranks` but the first, their standard errors, and how many independent ones bear on each.

    Newton's method: the likelihood is concave in log theta.  The errors are the sandwich's, over queries (whose
    documents share a page) or users (who come back), whichever is larger.
    """
    impressions, clicks = (counts[:, ranks] for counts in shown.counts())
    total = clicks.sum(axis=1)
    value = np.zeros(len(ranks) - 1)
    shares, likelihood = _shares(impressions, clicks, value)
    for _ in range(_STEPS):
        gradient = (clicks - total[:, None] * shares).sum(axis=0)[1:]
        information = _information(shares, total)
        step = np.linalg.solve(information, gradient)
        size = 1.0
        while True:
            further, reached = _shares(impressions, clicks, value + size * step)
            if reached >= likelihood - 1e-12 or size < 1e-6:
                break
            size /= 2
        value, shares, likelihood = value + size * step, further, reached
        if np.abs(size * step).max() < _STILL:
            break
    inverse = np.linalg.inv(_information(shares, total))
    column = np.zeros(shown.depth, np.int64)
    column[ranks] = np.arange(len(ranks))
    # each click's share in the score: where it fell, less where its pair's clicks fall on average
    scores = -shares[shown.pair]
    scores[np.arange(len(scores)), column[shown.rank]] += 1.0
    scores = scores[:, 1:] * shown.clicked[:, None]
    variances, bearing = [], []
    for cluster in (shown.query, shown.user):
        sums = np.zeros((int(cluster.max()) + 1, scores.shape[1]))
        np.add.at(sums, cluster, scores)
        moved = np.abs(sums) > 1e-12
        many = int(moved.any(axis=1).sum())
        middle = sums.T @ sums * (many / max(many - 1, 1))
        variances.append(np.diag(inverse @ middle @ inverse))
        bearing.append(moved.sum(axis=0))
    errors = np.sqrt(np.maximum.reduce(variances))
    return value, errors, np.minimum.reduce(bearing).tolist()


def _shares(impressions: Floats, clicks: Floats, value: Floats) -> tuple[Floats, float]:
    """Where each pair's clicks fall on average [pairs, ranks], and the likelihood's logarithm."""
    expected = impressions * np.exp(np.concatenate([[0.0], value]))
    shares = expected / expected.sum(axis=1, keepdims=True)
    said = clicks > 0
    return shares, float((clicks[said] * np.log(shares[said])).sum())


def _information(shares: Floats, total: Floats) -> Floats:
    weighted = shares * total[:, None]
    information: Floats = (np.diag(weighted.sum(axis=0)) - shares.T @ weighted)[1:, 1:]
    return information


def _numbered(values: Column) -> NDArray[np.int64]:
    """Numbers from 0 without a gap, equal ones for equal values."""
    if isinstance(values, np.ndarray):
        return np.asarray(np.unique(values, return_inverse=True)[1], np.int64)
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
