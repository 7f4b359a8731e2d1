"""What a tuned model still gets wrong on dev, and which chunks to ask more about for that.

Only dev may be learnt from: rows of any other split are never used.  Dev documents do not train
either, so a new query about the very chunk that was missed would be one more dev query; what helps
is queries about the chunks that may train among those that were confused.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from idiolect.errors import UsageError, WorkspaceError
from idiolect.files import read_jsonl
from idiolect.mining.splits import group_of
from idiolect.records import Chunk, Record, Split

DEPTH = 10
"""Ranks among which a positive must be; the rows hold no more."""
MOST_CHUNKS = 4
"""Chunks that one focus asks about at most, and that each is told from: more would be a subject."""


class Found(Record, frozen=True, kw_only=True):
    """One run's ranking of one query: the ids at its top, best first."""

    top: list[str] = []


class DevRow(Record, frozen=True, kw_only=True):
    """A line of per-query results; ids are of chunks, or of documents where those were judged."""

    dataset: str
    query_id: str
    positives: list[str]
    runs: dict[str, Found]
    split: str = ""


class Focus(Record, frozen=True, kw_only=True):
    """One confusion: what to ask more about, so that it is told from what it was mixed up with.

    `chunks` maps each chunk to ask about to those that it is to be told from, both in the order of
    how often they were mixed up.  `documents` are those that the missed queries belong to, `count`
    how many these were.
    """

    chunks: dict[str, list[str]]
    documents: list[str]
    count: int


def read_dev_rows(path: Path) -> list[DevRow]:
    """The rows of dev queries; no other row of the file is looked at further.

    Raises InputError where a line is no row, WorkspaceError where there is no row of dev.
    """
    rows = [row for row in read_jsonl(path, DevRow) if row.split == "dev"]
    if not rows:
        raise WorkspaceError(
            f"{path} holds no dev queries to learn from: `idiolect evaluate` writes them there, from those "
            "that `idiolect prepare` held out (a larger prepare.dev_fraction holds out more)"
        )
    return rows


def trainable(chunks: Sequence[Chunk], splits: Iterable[Split]) -> set[str]:
    """Ids of the chunks that queries may be written for and train: no group of theirs is held out."""
    held = _held_out(chunks, splits, ("dev", "test"))
    return {chunk.id for chunk in chunks if chunk.trains and chunk.id not in held}


def held_for_test(chunks: Sequence[Chunk], splits: Iterable[Split]) -> set[str]:
    """Ids of the chunks whose group tests: not even as something to be told from are they shown."""
    return _held_out(chunks, splits, ("test",))


def _held_out(chunks: Sequence[Chunk], splits: Iterable[Split], names: Collection[str]) -> set[str]:
    held = {split.group for split in splits if split.split in names}
    groups = group_of(chunks)
    return {chunk.id for chunk in chunks if groups[chunk.id] in held}


def missed(rows: Iterable[DevRow], run: str = "dense-tuned", depth: int = DEPTH) -> list[DevRow]:
    """The dev rows of which `run` has no positive among its first `depth`; all others are left out.

    Raises UsageError for a row without that run.
    """
    judged = (row for row in rows if row.split == "dev" and row.positives)
    return [row for row in judged if not set(row.positives) & set(_top(row, run, depth))]


def focuses(
    rows: Iterable[DevRow],
    chunks: Sequence[Chunk],
    run: str = "dense-tuned",
    depth: int = DEPTH,
    trains: Collection[str] | None = None,
    hidden: Collection[str] = frozenset(),
) -> list[Focus]:
    """What `run` confuses, the most frequent first: the missed queries, joined where they mix up the same documents.

    What stands among the first `depth` in place of a missed query's positives is what these were
    confused with.  `trains` are the chunks that may be asked about, None is all; of the `hidden`
    none is told from another.  A chunk that was wrongly found is asked about only beside one that
    is right.  A confusion without anything to ask is left out.  Raises UsageError as `missed`.
    """
    corpus = _Corpus(chunks, hidden)
    allowed = corpus.documents.keys() if trains is None else trains
    clusters: dict[frozenset[str], list[_Missed]] = defaultdict(list)
    for row in missed(rows, run, depth):
        one = corpus.missed(row.positives, _top(row, run, depth))
        clusters[one.mixed_up].append(one)
    found = []
    for cluster in clusters.values():
        asked = corpus.told_apart(cluster, "right", allowed) or corpus.told_apart(cluster, "wrong", allowed)
        if asked:
            owners = sorted({document for one in cluster for document in one.documents})
            found.append(Focus(chunks=asked, documents=owners, count=len(cluster)))
    return sorted(found, key=lambda focus: (-focus.count, list(focus.chunks)))


def allot(found: Sequence[Focus], queries: int, most: int | None = None) -> dict[str, int]:
    """Chunk → how many of `queries` to ask about it: by the focuses' counts, evenly within each.

    Sums to `queries` where there is any focus and `most`, the queries about one chunk, allows for
    that; what rounding leaves goes to the largest remainders.
    """
    shares: dict[str, float] = defaultdict(float)
    for focus in found:
        for name in focus.chunks:
            shares[name] += focus.count / len(focus.chunks)
    result: dict[str, int] = dict.fromkeys(shares, 0)
    left = queries
    while most is not None and (full := [name for name in shares if _claim(name, shares, left) > most]):
        result.update(dict.fromkeys(full, most))
        left -= most * len(full)
        shares = {name: share for name, share in shares.items() if name not in full}
    claims = {name: _claim(name, shares, left) for name in shares}
    result.update({name: int(claim) for name, claim in claims.items()})
    order = sorted(claims, key=lambda name: (result[name] - claims[name], name))
    for name in order[: left - sum(map(int, claims.values()))]:
        result[name] += 1
    return {name: count for name, count in result.items() if count}


def _claim(name: str, shares: Mapping[str, float], queries: int) -> float:
    return queries * shares[name] / sum(shares.values())


def _top(row: DevRow, run: str, depth: int) -> list[str]:
    if run not in row.runs:
        raise UsageError(f"query {row.query_id!r} has no run {run!r}: it has {', '.join(sorted(row.runs))}")
    return row.runs[run].top[:depth]


_Weights = dict[str, float]
"""Chunk → how much missed queries name it, or its document; the first ranks count most."""


@dataclass(frozen=True)
class _Missed:
    """The chunks that answer a missed query, those put in their place, and the documents of the first.

    `mixed_up` are the documents of the first right one and of the one put first: queries that have
    them in common, whichever is which, are one cluster.
    """

    right: _Weights
    wrong: _Weights
    documents: frozenset[str]
    mixed_up: frozenset[str]


class _Corpus:
    def __init__(self, chunks: Sequence[Chunk], hidden: Collection[str]) -> None:
        self.hidden = hidden
        self.documents = {chunk.id: chunk.document_id for chunk in chunks}
        self.says = {chunk.id: chunk.duplicate_of or chunk.id for chunk in chunks}
        self.parts: dict[str, list[str]] = defaultdict(list)
        for chunk in chunks:
            self.parts[chunk.document_id].append(chunk.id)

    def missed(self, positives: Sequence[str], top: Sequence[str]) -> _Missed:
        owners = [self.documents.get(name, name) for name in (*positives, *top[:1])]
        return _Missed(
            right=self._weights(positives),
            wrong=self._weights(top),
            documents=frozenset(owners[: len(positives)]),
            mixed_up=frozenset((owners[0], *owners[len(positives) :])),
        )

    def _weights(self, names: Sequence[str]) -> _Weights:
        weights: _Weights = defaultdict(float)
        for rank, name in enumerate(names, 1):
            for chunk in [name] if name in self.documents else self.parts.get(name, ()):
                weights[chunk] += 1 / rank
        return weights

    def told_apart(
        self, cluster: Sequence[_Missed], side: Literal["right", "wrong"], allowed: Collection[str]
    ) -> dict[str, list[str]]:
        """The chunks of one side to ask about, each with those of the other side that it is told from."""
        other: Literal["right", "wrong"] = "wrong" if side == "right" else "right"
        asked: dict[str, list[str]] = {}
        for name in _ranked(getattr(one, side) for one in cluster):
            if name in allowed and len(asked) < MOST_CHUNKS:
                others = _ranked(getattr(one, other) for one in cluster if name in getattr(one, side))
                apart = [
                    one for one in others if one not in self.hidden and self.says[one] != self.says[name]
                ]
                if apart or side == "right":
                    asked[name] = apart[:MOST_CHUNKS]
        return asked


def _ranked(weighed: Iterable[_Weights]) -> list[str]:
    """The chunks by their summed weights, the largest first."""
    weights: _Weights = defaultdict(float)
    for one in weighed:
        for name, weight in one.items():
            weights[name] += weight
    return sorted(weights, key=lambda name: (-weights[name], name))
