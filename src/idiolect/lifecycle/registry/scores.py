"""What a model scored on each query, without a text: enough to hold two versions against each other later."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from idiolect.evaluation.report import Report
from idiolect.evaluation.significance import Comparison, compare
from idiolect.files import digest_path, digest_value, read_jsonl
from idiolect.records import Record
from idiolect.workspace import Workspace

SCORES = "scores.jsonl"

_KEY = 32


class Score(Record, frozen=True, kw_only=True):
    """One query's metrics by run. `key` is equal where query, relevant passages and corpus are; `cluster` likewise
    stands for the document that it came from. Both are digests."""

    key: str
    dataset: str
    split: str
    cluster: str
    runs: dict[str, dict[str, float]]


def scores_of(work: Workspace, report: Report) -> Iterator[Score]:
    """WORK's per-query results, for `report.metric`, texts left out; those of dev chose, and are no judges."""
    corpora = {name: _corpus(folder) for name, folder in (("test", work.test), ("labelled", work.labelled))}
    for row in read_jsonl(work.per_query, dict[str, Any]):
        if row["split"] == "dev":
            continue
        judged = [row["query_id"], row["query"], sorted(row["positives"]), corpora.get(row["dataset"], "")]
        yield Score(
            key=digest_value(judged)[:_KEY],
            dataset=row["dataset"],
            split=row["split"],
            cluster=digest_value([row["cluster"]])[:_KEY],
            runs={
                run: {report.metric: found["metrics"][report.metric]} for run, found in row["runs"].items()
            },
        )


def _corpus(folder: Path) -> str:
    corpus = folder / "corpus.jsonl"
    return digest_path(corpus) if corpus.is_file() else ""


def read_scores(path: Path) -> list[Score]:
    """Empty where the version was published without a WORK."""
    return list(read_jsonl(path, Score)) if path.is_file() else []


def paired(
    a: list[Score],
    b: list[Score],
    runs: tuple[str, str],
    names: tuple[str, str],
    seed: int,
    splits: tuple[str, ...] = ("test", "given"),
) -> dict[str, Comparison]:
    """Data set → run `runs[1]` of `b` against `runs[0]` of `a`, on the queries that both were measured on.

    Empty where there is no such query, or the metrics differ.
    """
    first = {score.key: score for score in a if score.split in splits}
    second = {score.key: score for score in b if score.split in splits}
    shared: dict[str, list[str]] = {}
    for key in first.keys() & second.keys():
        if _metrics(first[key], runs[0]) & _metrics(second[key], runs[1]):
            shared.setdefault(second[key].dataset, []).append(key)
    found = {}
    for dataset, keys in sorted(shared.items()):
        metric = min(_metrics(second[keys[0]], runs[1]))
        clusters = {key: second[key].cluster for key in keys}
        values = _values(first, keys, runs[0], metric), _values(second, keys, runs[1], metric)
        found[dataset] = compare(*values, clusters, seed, names=names, metric=metric)
    return found


def _metrics(score: Score, run: str) -> set[str]:
    return set(score.runs.get(run, ()))


def _values(scores: Mapping[str, Score], keys: list[str], run: str, metric: str) -> dict[str, float]:
    return {key: scores[key].runs[run][metric] for key in keys}
