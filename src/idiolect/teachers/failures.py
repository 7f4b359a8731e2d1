"""What a tuned model still gets wrong on dev, and which chunks to ask more about for that.

Only dev may be learnt from: test rows are refused.  Dev documents do not train either, so a new
query about the very chunk that was missed would be one more dev query; what helps is queries
about the chunks that may train among those that were confused.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from idiolect.errors import UsageError
from idiolect.files import read_jsonl
from idiolect.mining.splits import group_of
from idiolect.records import Chunk, Record, Split

DEPTH = 10
"""Ranks among which a positive must be; the rows hold no more."""
MOST_CHUNKS = 8
"""Chunks that one focus names at most, on either side: more would be a subject, not a confusion."""


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
    """One confusion: ask more about `chunks`, so that they are told from the `confused_with`.

    Both are in the order of how often they were mixed up.  `documents` are those that the missed
    queries belong to, `count` how many these were.
    """

    chunks: list[str]
    confused_with: list[str]
    documents: list[str]
    count: int


def read_dev_rows(path: Path) -> list[DevRow]:
    """Raises InputError where a line is no row; UsageError as `refuse_other_than_dev`."""
    rows = list(read_jsonl(path, DevRow))
    refuse_other_than_dev(rows, str(path))
    return rows


def refuse_other_than_dev(rows: Iterable[DevRow], source: str = "per-query results") -> None:
    """Raise UsageError for the first row that does not say `"split": "dev"`."""
    for row in rows:
        if row.split != "dev":
            says = f"split {row.split!r}" if row.split else "no split"
            raise UsageError(
                f"{source}: query {row.query_id!r} of {row.dataset!r} has {says}, and only dev queries may "
                "say what is asked next: a test that was learnt from tests nothing; give rows of split 'dev'"
            )


def trainable(chunks: Sequence[Chunk], splits: Iterable[Split]) -> set[str]:
    """Ids of the chunks that queries may be written for and train: no group of theirs is held out."""
    held = {split.group for split in splits if split.split in ("dev", "test")}
    groups = group_of(chunks)
    return {chunk.id for chunk in chunks if chunk.trains and groups[chunk.id] not in held}


def focuses(
    rows: Sequence[DevRow],
    chunks: Sequence[Chunk],
    run: str = "dense-tuned",
    depth: int = DEPTH,
    trains: Collection[str] | None = None,
) -> list[Focus]:
    """What `run` confuses, the most frequent first: the missed queries, joined where they mix up the same documents.

    A query is missed where none of its positives is among the first `depth`; those that stand
    there instead are what it was confused with.  `trains` are the chunks that may be asked about;
    None is all.  A confusion without any such chunk is left out.  Raises UsageError for rows that
    are not dev's, or that have no such run.
    """
    refuse_other_than_dev(rows)
    documents = {chunk.id: chunk.document_id for chunk in chunks}
    parts: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks:
        parts[chunk.document_id].append(chunk.id)
    missed = [
        (row.positives, [name for name in _top(row, run, depth) if name not in row.positives])
        for row in rows
        if row.positives and not set(row.positives) & set(_top(row, run, depth))
    ]
    allowed = set(documents) if trains is None else set(trains)
    found: list[Focus] = []
    for cluster in _clusters(missed, documents):
        right = _chunks(cluster, 0, documents, parts)
        wrong = _chunks(cluster, 1, documents, parts)
        ask = [name for name in _ranked(right) if name in allowed]
        ask = ask or [name for name in _ranked(wrong) if name in allowed]
        if ask:
            asked = ask[:MOST_CHUNKS]
            others = [name for name in _ranked(wrong) + _ranked(right) if name not in asked]
            owners = sorted({documents.get(name, name) for positives, _ in cluster for name in positives})
            found.append(
                Focus(chunks=asked, confused_with=others[:MOST_CHUNKS], documents=owners, count=len(cluster))
            )
    return sorted(found, key=lambda focus: (-focus.count, focus.chunks))


def allot(found: Sequence[Focus], queries: int) -> dict[str, int]:
    """Chunk → how many of `queries` to ask about it: by the focuses' counts, evenly within each.

    Sums to `queries` where there is any focus; what rounding leaves goes to the largest remainders.
    """
    claims: dict[str, float] = defaultdict(float)
    total = sum(focus.count for focus in found)
    for focus in found:
        for name in focus.chunks:
            claims[name] += queries * focus.count / (total * len(focus.chunks))
    result = {name: int(claim) for name, claim in claims.items()}
    order = sorted(claims, key=lambda name: (result[name] - claims[name], name))
    for name in order[: queries - sum(result.values())]:
        result[name] += 1
    return {name: count for name, count in result.items() if count}


_Missed = tuple[list[str], list[str]]
"""The right ids and the wrong ones of a missed query."""


def _top(row: DevRow, run: str, depth: int) -> list[str]:
    if run not in row.runs:
        raise UsageError(f"query {row.query_id!r} has no run {run!r}: it has {', '.join(sorted(row.runs))}")
    return row.runs[run].top[:depth]


def _clusters(missed: Iterable[_Missed], documents: Mapping[str, str]) -> Iterable[list[_Missed]]:
    """Missed queries of one pair of documents, the right one and the one put first, whichever was which."""
    gathered: dict[frozenset[str], list[_Missed]] = defaultdict(list)
    for right, wrong in missed:
        pair = frozenset(documents.get(name, name) for name in (right[0], *wrong[:1]))
        gathered[pair].append((right, wrong))
    return gathered.values()


def _chunks(
    cluster: Sequence[_Missed], side: int, documents: Mapping[str, str], parts: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Chunk → how often missed queries name it, or its document, the first ranks counting most."""
    weights: dict[str, float] = defaultdict(float)
    for query in cluster:
        for rank, name in enumerate(query[side], 1):
            for chunk in [name] if name in documents else parts.get(name, ()):
                weights[chunk] += 1 / rank
    return weights


def _ranked(weights: Mapping[str, float]) -> list[str]:
    return sorted(weights, key=lambda name: (-weights[name], name))
