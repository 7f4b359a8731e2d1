"""Which files of WORK hold rows of documents, as a table: what becomes of one row of each."""

from collections.abc import Callable, Mapping
from typing import Any

from idiolect.erasing.gone import Rules

Row = dict[str, Any]

Rule = Callable[[Row, Rules], Row | None]
"""A row and what goes → the row without it; None where the whole row goes."""


def _document(row: Row, rules: Rules) -> Row | None:
    return None if row["id"] in rules.documents else row


def _rejected_document(row: Row, rules: Rules) -> Row | None:
    return None if row["path"] in rules.names else row


def _of_document(row: Row, rules: Rules) -> Row | None:
    return None if row["document_id"] in rules.documents else row


def _as_it_is(row: Row, rules: Rules) -> Row | None:
    return row


def _chunk(row: Row, rules: Rules) -> Row | None:
    """The first duplicate of a chunk that goes trains in its place, and the others refer to that."""
    if row["document_id"] in rules.documents:
        return None
    if row["duplicate_of"] in rules.heads:
        head = rules.heads[row["duplicate_of"]]
        return {**row, "duplicate_of": "" if head == row["id"] else head}
    return row


def _query(row: Row, rules: Rules) -> Row | None:
    return None if rules.query(row) else row


def _negative(row: Row, rules: Rules) -> Row | None:
    doomed = row["id"] in rules.negatives or row["query_id"] in rules.queries or rules.chunk(row["source"])
    return None if doomed else row


def _split(row: Row, rules: Rules) -> Row | None:
    return None if row["query_id"] in rules.queries else row


def _example(row: Row, rules: Rules) -> Row | None:
    """Without its negatives that go, and their scores: the positive's come first."""
    if row["query_id"] in rules.queries or rules.passage(row["positive"]["id"]):
        return None
    kept = [number for number, one in enumerate(row["negatives"]) if not rules.passage(one["id"])]
    scores = row["teacher_scores"]
    if len(scores) == 1 + len(row["negatives"]):
        scores = [scores[0], *(scores[1 + number] for number in kept)]
    return {**row, "negatives": [row["negatives"][number] for number in kept], "teacher_scores": scores}


def _label(row: Row, rules: Rules) -> Row | None:
    return None if row["document"] in rules.names or row["query_id"] in rules.queries else row


def _per_query(row: Row, rules: Rules) -> Row | None:
    """Figures stay as they were measured; what names a document that went does not."""
    positives = [one for one in row["positives"] if not rules.passage(one)]
    if row["query_id"] in rules.queries or (row["positives"] and not positives):
        return None
    runs = {
        name: {**run, "top": [one for one in run["top"] if not rules.passage(one)]}
        for name, run in row["runs"].items()
    }
    return {**row, "positives": positives, "runs": runs}


def _passage(row: Row, rules: Rules) -> Row | None:
    return None if rules.passage(row["_id"]) else row


def _asked(row: Row, rules: Rules) -> Row | None:
    return None if row["_id"] in rules.queries else row


LINES: Mapping[str, tuple[str, Rule]] = {
    "documents": ("documents", _document),
    "rejected_documents": ("rejected documents", _rejected_document),
    "licences": ("licences of documents", _of_document),
    "chunks": ("chunks", _chunk),
    "queries": ("queries", _query),
    "rejected": ("rejected queries", _query),
    "negatives": ("written negatives", _negative),
    "splits": ("splits", _split),
    "train": ("training examples", _example),
    "dev": ("dev examples", _example),
    "rejected_labels": ("rejected labels", _label),
    "per_query": ("queries of the report", _per_query),
    "carried_chunks": ("chunks carried over", _of_document),
    "carried_queries": ("queries carried over", _query),
    "carried_negatives": ("written negatives carried over", _negative),
    "carried_labels": ("splits carried over", _split),
    "refreshes": ("refreshes", _as_it_is),
}
"""Name in the Workspace → what its rows are, and their rule."""

BEIR: Mapping[str, tuple[str, Rule]] = {
    "corpus.jsonl": ("passages of test and dev sets", _passage),
    "queries.jsonl": ("queries of test and dev sets", _asked),
}
"""The same of the files of a BEIR folder."""
