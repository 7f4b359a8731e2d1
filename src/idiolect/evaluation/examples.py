"""Queries won and lost, with the passages, so that a reader sees what the figures mean."""

from collections.abc import Mapping, Sequence

from idiolect.evaluation.beir import Dataset
from idiolect.records import Passage, Record

SNIPPET = 200


class Snippet(Record, frozen=True, kw_only=True):
    """The head of a passage: at most SNIPPET characters of its text, whitespace made single."""

    id: str
    title: str
    text: str


class Example(Record, frozen=True, kw_only=True):
    """One query before and after.  Ranks count from 1; None is below the depth that was ranked.

    `base_first`, `tuned_first`: what each run put first, None where a run found nothing.
    """

    query_id: str
    query: str
    style: str
    right: Snippet
    rank_before: int | None
    rank_after: int | None
    base_first: Snippet | None
    tuned_first: Snippet | None
    delta: float


Rankings = Mapping[str, Sequence[str]]


def pick_examples(
    dataset: Dataset,
    base: Rankings,
    tuned: Rankings,
    base_values: Mapping[str, float],
    tuned_values: Mapping[str, float],
    count: int = 3,
) -> tuple[list[Example], list[Example]]:
    """The `count` queries that gained most and those that lost most, at most one per cluster.

    `base`, `tuned`: query → ranked ids, at least as deep as the metric looks; the values are the
    metric's per query.  Equal differences are taken in the order of query ids.
    """
    differences = {
        query: tuned_values.get(query, 0.0) - base_values.get(query, 0.0) for query in sorted(dataset.queries)
    }
    won = _distinct(
        dataset, sorted((q for q in differences if differences[q] > 0), key=lambda q: -differences[q])
    )
    lost = _distinct(
        dataset, sorted((q for q in differences if differences[q] < 0), key=lambda q: differences[q])
    )
    won_examples = [_example(dataset, query, base, tuned, tuned, differences[query]) for query in won[:count]]
    lost_examples = [
        _example(dataset, query, base, tuned, base, differences[query]) for query in lost[:count]
    ]
    return won_examples, lost_examples


def _distinct(dataset: Dataset, queries: Sequence[str]) -> list[str]:
    first: dict[str, str] = {}
    for query in queries:
        first.setdefault(dataset.clusters[query], query)
    return list(first.values())


def _example(
    dataset: Dataset, query: str, base: Rankings, tuned: Rankings, better: Rankings, delta: float
) -> Example:
    """The right passage shown is the one that the better run ranks highest."""
    before, after = base.get(query, ()), tuned.get(query, ())
    right = next(id for id in better[query] if dataset.qrels[query].get(id, 0) > 0)
    return Example(
        query_id=query,
        query=dataset.queries[query],
        style=dataset.slices[query],
        right=snippet(dataset.corpus[right]),
        rank_before=_rank(before, right),
        rank_after=_rank(after, right),
        base_first=snippet(dataset.corpus[before[0]]) if before else None,
        tuned_first=snippet(dataset.corpus[after[0]]) if after else None,
        delta=delta,
    )


def snippet(passage: Passage) -> Snippet:
    text = " ".join(passage.text.split())
    if len(text) > SNIPPET:
        text = text[: SNIPPET - 1].rsplit(" ", 1)[0] + "…"
    return Snippet(id=passage.id, title=" ".join(passage.title.split()), text=text)


def _rank(ranking: Sequence[str], document: str) -> int | None:
    return next((place for place, id in enumerate(ranking, 1) if id == document), None)
