"""How likely a hit is to be examined at each rank, by the position-based model, and how sure that is.

P(click | query, document, rank) = theta[rank] · gamma[query, document] (Craswell et al. 2008, doi
10.1145/1341531.1341545; Joachims et al. 2017, arXiv 1608.04468).  Only what stood at several ranks for one query
tells the two apart (intervention harvesting, Agarwal et al. 2019, arXiv 1812.05161); what always stood at one rank
says nothing, however often it was clicked.
"""

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from idiolect.errors import FeedbackError
from idiolect.evaluation.resampling import student_t
from idiolect.lifecycle.feedback.clicks import Reading
from idiolect.lifecycle.feedback.position_model import Shown, fitted, joined
from idiolect.records import Record

DEEPEST = 50
"""Ranks beyond are left out: hardly anybody comes so far."""

FEWEST = 10
"""Queries, and users, whose clicks bear on a rank at least: with fewer, not even its interval can be trusted."""

WIDEST = 4.0
"""A rank whose interval's ends are further apart than this factor is left out: its weights would be half or twice as
large as they should be."""

_Row = tuple[tuple[str, str, str], int, bool, str, str]


class Theta(Record, frozen=True, kw_only=True):
    """A rank's propensity relative to the topmost's, with its 95% interval, and the `clicks` there that bear on it."""

    rank: int
    theta: float
    low: float
    high: float
    clicks: int


class Propensities(Record, frozen=True, kw_only=True):
    """theta of the topmost rank is 1.  `pairs` stood at several ranks and were clicked; `left_out`: rank → why."""

    thetas: list[Theta]
    pairs: int
    queries: int
    users: int
    left_out: dict[int, str] = {}

    @property
    def by_rank(self) -> dict[int, float]:
        """Rank → theta, of those ranks that something is known of."""
        return {one.rank: one.theta for one in self.thetas}


def fit(given: Iterable[Reading]) -> Propensities:
    """Raises FeedbackError where the top rank and one more at least cannot be told apart from what stood there.

    What one list names twice, as two chunks of which the document alone is known, are two things of unlike relevance
    under one name: where they stood says nothing.
    """
    rows: list[_Row] = []
    unlike = 0
    for one in given:
        names = Counter((hit.document, hit.chunk) for hit in one.hits)
        for place, hit in enumerate(one.hits):
            name = hit.document, hit.chunk
            if names[name] > 1:
                unlike += place in one.opened
            elif hit.rank <= DEEPEST:
                rows.append(((one.words, *name), hit.rank, place in one.opened, one.words, one.independent()))
    if unlike and not any(clicked for _, _, clicked, _, _ in rows):
        raise FeedbackError(
            f"no propensities: each of {unlike:,} clicks is on a document that its list names more than once; give "
            "each hit's `chunk`"
        )
    return fit_shown(Shown(*(zip(*rows, strict=True) if rows else ((),) * 5)))


def fit_shown(shown: Shown) -> Propensities:
    """The same of what is counted already."""
    clicked = int(shown.clicked.sum())
    if not clicked:
        raise FeedbackError("no propensities: nothing was clicked; wait for feedback")
    depth = shown.depth
    opened = np.bincount(shown.rank, shown.clicked, minlength=depth) > 0
    shown.telling(np.ones(depth, bool))
    alone = np.flatnonzero(opened & ~shown.standing())
    left_out = {int(rank) + 1: "nothing that was clicked stood there and at another rank" for rank in alone}
    if not len(shown.rank):
        raise FeedbackError(
            f"no propensities: each of the documents that {clicked:,} clicks opened stood at one rank alone for its "
            "query, so that its relevance cannot be told from its place; show some at other ranks, as interleaving "
            "two rankings does"
        )
    while True:
        stood = shown.standing()
        shown.telling(joined(*shown.counts()))
        lost = np.flatnonzero(stood & ~shown.standing())
        left_out |= {int(rank) + 1: "no clicked document joins it to rank 1" for rank in lost}
        if not len(shown.rank):
            raise FeedbackError(
                "no propensities: no document that was clicked stood at rank 1 and at another one for the same "
                "query; show some documents of the first ranks in another order"
            )
        if not len(lost):
            break
    return _checked(shown, left_out)


def _checked(shown: Shown, left_out: dict[int, str]) -> Propensities:
    """The fit, without the ranks of which too little is known."""
    ranks = np.unique(shown.rank)
    values, errors, bearing = fitted(shown, ranks)
    clicks = np.bincount(shown.rank, shown.clicked, minlength=shown.depth)
    thetas = [Theta(rank=1, theta=1.0, low=1.0, high=1.0, clicks=int(clicks[0]))]
    unsure = ""
    for rank, value, error, many in zip(ranks[1:], values, errors, bearing, strict=True):
        spread = student_t(0.975, max(many - 1, 1)) * error
        low, high = math.exp(value - spread), math.exp(min(value + spread, 700.0))
        said = f"its theta is {math.exp(value):.2g}, 95% interval {low:.2g} to {high:.2g}"
        if many < FEWEST:
            reason = f"{many} queries or users alone bear on it, {FEWEST} are needed"
        elif high > WIDEST * low:
            reason = f"{said}, wider than a factor of {WIDEST:g}"
        else:
            theta = Theta(
                rank=int(rank) + 1, theta=math.exp(value), low=low, high=high, clicks=int(clicks[rank])
            )
            thetas.append(theta)
            continue
        left_out[int(rank) + 1] = reason
        unsure = unsure or f"rank {int(rank) + 1}: {reason}"
    if len(thetas) == 1:
        raise FeedbackError(
            f"no propensities: too few documents were clicked that stood at several ranks ({unsure}); "
            "wait for more feedback, or show more documents at other ranks"
        )
    return Propensities(
        thetas=thetas,
        pairs=len(np.unique(shown.pair)),
        queries=len(np.unique(shown.query)),
        users=len(np.unique(shown.user)),
        left_out=dict(sorted(left_out.items())),
    )
