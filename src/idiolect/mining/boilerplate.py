"""Paragraphs that recur over many documents: notices, navigation, licences; no query is written for them."""

import math
from collections.abc import Sequence

import numpy as np

from idiolect.records import Chunk

_SMALLEST_SHARE = 0.01  # of the documents

Spans = list[tuple[int, int]]


def recurring(paragraphs: np.ndarray, groups: np.ndarray, total: int, fewest: int) -> np.ndarray:
    """The digests, ascending, of the paragraphs in at least `fewest` of `total` document groups, and in 1%.

    `paragraphs` are the digests of the whole corpus, uint64 [paragraphs], `groups` the group of
    the document that each stands in.  Documents that are versions of one another are one group:
    what only they share is theirs, and no boilerplate.
    """
    order = np.lexsort((groups, paragraphs))
    digests, owners = paragraphs[order], groups[order]
    first = np.ones(len(order), bool)
    first[1:] = (digests[1:] != digests[:-1]) | (owners[1:] != owners[:-1])
    found, counts = np.unique(digests[first], return_counts=True)
    return np.asarray(found[counts >= max(fewest, math.ceil(_SMALLEST_SHARE * total))])


def boilerplate_spans(start: int, end: int, stretches: np.ndarray) -> Spans:
    """What lies of `stretches`, int64 [stretches, 2], within a chunk from `start` to `end` of the same text.

    The stretches are in text order; the spans that come back count from the chunk's start.
    """
    clipped = np.clip(stretches, start, end) - start
    return [(first, last) for first, last in clipped.tolist() if first < last]


def is_mostly_boilerplate(chunk: Chunk) -> bool:
    return covers_most(chunk.boilerplate, len(chunk.text))


def covers_most(spans: Sequence[tuple[int, int]], length: int) -> bool:
    """Whether the spans are at least half of a text of `length` characters."""
    return 2 * sum(end - start for start, end in spans) >= length


def own_stretches(chunk: Chunk) -> Spans:
    """The stretches of `chunk.text` between its boilerplate, as spans; blank ones are left out."""
    spans: Spans = []
    position = 0
    for start, end in [*chunk.boilerplate, (len(chunk.text), len(chunk.text))]:
        if chunk.text[position:start].strip():
            spans.append((position, start))
        position = max(position, end)
    return spans


def own_text(chunk: Chunk) -> str:
    """The chunk's text without its boilerplate; the text itself where it has none."""
    return "\n\n".join(chunk.text[start:end] for start, end in own_stretches(chunk))
