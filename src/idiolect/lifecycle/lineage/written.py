"""generate's files as nodes: requests to LLMs, queries, written negatives."""

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

from idiolect.files import read_jsonl
from idiolect.lifecycle.lineage.facts import Facts
from idiolect.lifecycle.lineage.writing import Node, Run
from idiolect.records import Record
from idiolect.workspace import Workspace


class Written(Record, frozen=True):
    """What the graph takes from a query."""

    id: str
    positives: list[str]
    source: str = ""
    copied: bool = False


class _Negative(Record, frozen=True):
    id: str
    query_id: str
    source: str


Calls = Mapping[tuple[str, str], list[Node]]
"""(role, id) → the requests that have this role (see `idiolect.teachers.cache.Shown`) towards what has the id."""


def read_generate(work: Workspace, facts: Facts, run: Run) -> None:
    chunks = run.known("chunk")
    negatives = list(read_jsonl(work.negatives, _Negative)) if work.negatives.exists() else []
    wanted = {one.id for one in read_jsonl(work.queries, Written)} | {one.id for one in negatives}
    calls = requests(work, run, chunks, wanted, ("wrote", "verdict", "missed"))
    queries = {one.id: query(run, one, chunks, calls) for one in read_jsonl(work.queries, Written)}
    made = run.artefact("dataset", f"{facts.outputs['queries']}:queries", "queries")
    for node in queries.values():
        run.edge(node, made, "part-of")
    run.remember("query", queries.items())
    run.remember(
        "written-negative",
        (
            (one.id, _negative(run, one, chunks, queries, calls))
            for one in negatives
            if one.query_id in queries and one.source in chunks
        ),
    )


def query(run: Run, one: Written, chunks: Mapping[str, Node], calls: Calls | None = None) -> Node:
    """The node of a query, made of its source, its positives and the requests that brought it.

    What a copied query was cut out of answers it on dev and test, and is left out of its candidates in
    training: that it was cut out of it says both.
    """
    answers = [name for name in one.positives if not (one.copied and name == one.source)]
    parts = [(chunks[name], "positive") for name in answers if name in chunks]
    if one.source in chunks:
        parts.append((chunks[one.source], "copied-from" if one.copied else "written-from"))
    return run.made_of("query", one.id, [*parts, *_brought_by(calls or {}, one.id)])


def _brought_by(calls: Calls, identifier: str) -> list[tuple[Node, str]]:
    return [(call, role) for role in ("wrote", "verdict") for call in calls.get((role, identifier), ())]


def requests(
    work: Workspace, run: Run, chunks: Mapping[str, Node], wanted: Collection[str], roles: Collection[str]
) -> Calls:
    """The cached requests that have one of `roles` towards what is `wanted`, by id."""
    found: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for key, rows in _cached(work):
        about = [(role, name) for _, name, role in rows if name in wanted and role in roles]
        if not about:
            continue
        parts = [(chunks[name], role) for kind, name, role in rows if kind == "chunk" and name in chunks]
        parts += [(run.named("exemplars", name), role) for kind, name, role in rows if kind == "exemplars"]
        call = run.made_of("call", key, parts)
        for one in about:
            found[one].append(call)
    return found


def _cached(work: Workspace) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Key → (kind, id, role) of all that each cached request showed or brought; nothing where there is no record."""
    if not work.llm_cache.exists():
        return
    uri = f"{work.llm_cache.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
        try:
            rows = connection.execute("SELECT key, kind, id, role FROM shown ORDER BY key")
        except sqlite3.OperationalError:  # a cache that is older than this record
            return
        for key, group in groupby(rows, key=lambda row: row[0]):
            yield key, [row[1:] for row in group]


def _negative(
    run: Run, one: _Negative, chunks: Mapping[str, Node], queries: Mapping[str, Node], calls: Calls
) -> Node:
    parts = [(chunks[one.source], "near-miss-from"), (queries[one.query_id], "asked")]
    parts += [(call, "wrote") for call in calls.get(("missed", one.query_id), ())]
    return run.made_of("written-negative", one.id, [*parts, *_brought_by(calls, one.id)])
