"""Which labelled queries train, select and test: by query, and those of the same words together."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal

from idiolect.evaluation.labels import FEWEST_DECIDING, FEWEST_STEERING, LabelledQuery, normalised
from idiolect.records import SplitName

MOST_STEERING = 300
"""Labelled dev queries at most: more choose no better, and their documents are encoded at every checkpoint."""

_SHARE = 4  # a quarter of the queries each for dev and for test, half to train


def split_labels(
    queries: Sequence[LabelledQuery],
    labels_as: Literal["train", "dev", "test", "split"],
    trainable: Collection[str],
    seed: int,
) -> dict[str, SplitName]:
    """Query id → split; `trainable` are the ids of those that no held-out document answers.

    "split" serves first what needs few queries: dev gets a quarter, but FEWEST_STEERING at least
    and MOST_STEERING at most; of the rest test gets a quarter of all, but FEWEST_DECIDING at
    least; what is left trains.  Fewer than FEWEST_STEERING can only report, so all of them test.
    Those that may not train are held out before others.  With "train" they are unused.
    """
    if labels_as == "train":
        return {query.id: "train" if query.id in trainable else "unused" for query in queries}
    if labels_as != "split":
        return {query.id: labels_as for query in queries}
    count = len(queries)
    dev = min(max(count // _SHARE, FEWEST_STEERING), MOST_STEERING) if count >= FEWEST_STEERING else 0
    held = dev + max(count // _SHARE, FEWEST_DECIDING)

    groups: dict[str, list[str]] = defaultdict(list)
    for query in queries:
        groups[normalised(query.text)].append(query.id)
    order = sorted(groups, key=lambda words: hashlib.sha256(f"{seed}\0{words}".encode()).digest())
    may_train = {words: all(id in trainable for id in groups[words]) for words in order}
    held_out, taken = [], 0
    for words in sorted(order, key=may_train.__getitem__):
        if taken < held or not may_train[words]:
            held_out.append(words)
            taken += len(groups[words])
    result: dict[str, SplitName] = {query.id: "train" for query in queries}
    taken = 0
    position = {words: place for place, words in enumerate(order)}
    for words in sorted(held_out, key=position.__getitem__):
        result |= dict.fromkeys(groups[words], "dev" if taken < dev else "test")
        taken += len(groups[words])
    return result
