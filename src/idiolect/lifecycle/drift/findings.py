"""What one detector says of one window."""

from typing import Literal

from idiolect.records import Record

SideName = Literal["queries", "documents"]

MEANINGS = {
    "classifier": "a classifier tells them apart (area under the ROC curve)",
    "mmd": "their vectors lie elsewhere (MMD²)",
    "topics": "the shares of topics moved (PSI)",
    "length": "the shares of lengths moved (PSI)",
    "language": "the shares of languages moved (PSI)",
    "script": "the shares of scripts moved (PSI)",
    "top_score": "the best hit's score moved (KS)",
    "margin": "its margin over the next document moved (KS)",
    "unknown_words": "the share of words that the corpus lacks moved",
    "subwords": "the pieces that a word is split into moved",
    "uncovered": "more lie far from all that was trained on (share)",
}
"""Detector → what it says where it is drifted."""


class Finding(Record, frozen=True, kw_only=True):
    """`statistic` beside the `threshold` that it must exceed for `p` to be at most alpha.

    `slice` is "" for all texts, else "language de", "source guide/" …; of slices `p_adjusted` is Holm's over all that
    were tested, else p itself.  `before` and `after` are the means of what is a number, or the
    shares that are uncovered.
    `streak`: windows in a row, this one included, in which this was `drifted`; `alarm`: these are enough.
    """

    detector: str
    slice: str = ""
    statistic: float
    threshold: float | None
    p: float
    p_adjusted: float
    reference: int
    current: int
    before: float | None = None
    after: float | None = None
    drifted: bool = False
    streak: int = 0
    alarm: bool = False

    @property
    def key(self) -> str:
        """ "mmd", "mmd, source guide/"."""
        return f"{self.detector}, {self.slice}" if self.slice else self.detector


class Untested(Record, frozen=True, kw_only=True):
    """A slice that was not tested, and why."""

    slice: str
    reference: int
    current: int
    reason: str
