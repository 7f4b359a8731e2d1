"""Which texts of a corpus say the same, found from their signatures alone."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from idiolect.mining.linking import first_linked
from idiolect.records import Chunk

_FOUND = 0.95  # the probability at which a pair that is just similar enough shares a band
_WINDOW = 8  # neighbours that a text is compared with in each band: bounds the work on a thousand alike
_AT_ONCE = 1 << 16  # pairs compared in one step: 64 MB

Apart = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Two arrays of rows → bool: which pairs of them are never linked."""


def near_duplicates(signatures: np.ndarray, threshold: float, apart: Apart | None = None) -> np.ndarray:
    """For each row of `signatures`, uint32 [texts, permutations], the first row of its group: int64 [texts].

    Two rows are linked where their estimated Jaccard similarity reaches `threshold`, and what is
    linked through others is one group.  Candidates come from banding (Leskovec, Rajaraman and
    Ullman, Mining of Massive Datasets, chapter 3): rows that agree on a whole band are sorted by
    what follows the band, and each is compared with its next neighbours, so that a thousand
    alike are not compared with a thousand.  Memory stays within a few times the signatures'.
    """

    def links() -> Iterator[tuple[int, int]]:
        for one, other in _candidates(signatures, threshold):
            similar = (signatures[one] == signatures[other]).mean(axis=1) >= threshold
            if apart is not None:
                similar &= ~apart(one, other)
            yield from zip(one[similar].tolist(), other[similar].tolist(), strict=True)

    return np.array(first_linked(len(signatures), links()), np.int64)


def _candidates(signatures: np.ndarray, threshold: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows that share a band, as two arrays of row numbers."""
    width = band_width(threshold, signatures.shape[1])
    for start in range(0, signatures.shape[1] - width + 1, width):
        shared = _sharing(signatures[:, start : start + width])
        rotated = np.roll(signatures[shared], -start, axis=1)
        order = _sorted(rotated)
        rows, bands = shared[order], rotated[order, :width]
        for distance in range(1, min(_WINDOW, len(rows) - 1) + 1):
            (positions,) = np.nonzero((bands[distance:] == bands[:-distance]).all(axis=1))
            for first in range(0, len(positions), _AT_ONCE):
                left = positions[first : first + _AT_ONCE]
                yield rows[left], rows[left + distance]


def _sharing(bands: np.ndarray) -> np.ndarray:
    """The rows, ascending, that another row equals."""
    order = _sorted(bands)
    same = (bands[order[1:]] == bands[order[:-1]]).all(axis=1)
    shares = np.zeros(len(bands), bool)
    shares[order[1:][same]] = shares[order[:-1][same]] = True
    return np.flatnonzero(shares)


def _sorted(rows: np.ndarray) -> np.ndarray:
    """The order that puts equal rows together; equals stay in theirs."""
    whole = np.ascontiguousarray(rows).view(f"V{rows.shape[1] * rows.itemsize}")
    return np.argsort(whole.ravel(), kind="stable")


def band_width(threshold: float, permutations: int) -> int:
    """Signature places to a band: as many as let a pair at the threshold be found with probability 0.95."""
    return max(
        (
            width
            for width in range(1, permutations + 1)
            if 1 - (1 - threshold**width) ** (permutations // width) >= _FOUND
        ),
        default=1,
    )


def overlapping(documents: np.ndarray, spans: np.ndarray) -> Apart:
    """Keeps apart the chunks of a document that share text by design.

    `documents` [chunks] are numbers of documents, `spans` [chunks, 2] where each chunk stands.
    """

    def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        result: np.ndarray = (
            (documents[one] == documents[other])
            & (spans[one, 0] < spans[other, 1])
            & (spans[other, 0] < spans[one, 1])
        )
        return result

    return apart


def saying_the_same(chunks: Sequence[Chunk]) -> dict[str, list[str]]:
    """Chunk id → the ids of its group of duplicates, itself among them, in the order of the corpus."""
    groups: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks:
        groups[chunk.duplicate_of or chunk.id].append(chunk.id)
    return {identifier: members for members in groups.values() for identifier in members}
