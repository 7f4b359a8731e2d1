"""What an erasure will take out, found before anything is changed: a killed one goes on from what was found."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from idiolect.erasing.caches import brought_by_doomed, staying_answers
from idiolect.erasing.files import beir_folders, judgments
from idiolect.erasing.gone import Gone, Rules
from idiolect.erasing.needles import Finder, encoded, windows
from idiolect.erasing.resolving import Resolved
from idiolect.evaluation.beir import read_queries
from idiolect.files import digest_text, read_json, read_jsonl
from idiolect.records import Chunk, Document, Query, Record, WrittenNegative
from idiolect.workspace import Workspace

_SHORTEST_NAME = 8
"""Bytes of an id or path that are looked for by themselves; a shorter one is looked for where JSON names a document by
it: two or three bytes stand in any file of weights.
"""

_OF_THE_BASE = (
    "*config*.json",
    "modules.json",
    "tokenizer.json",
    "special_tokens_map.json",
    "vocab*",
    "merges.txt",
    "*.model",
)
"""Files of a model's directory that training takes over as they are: their words are nobody's ids."""

_BEFORE_NAMES = ("document_id", "document")
_BEFORE_CHUNKS = ("id", "_id", "source", "duplicate_of")
"""Keys of WORK's files."""


class Planned(Record, frozen=True, kw_only=True):
    """`shared` counts stretches of the documents' texts that others hold too: those stay, and are no traces."""

    gone: Gone
    shared: int


def plan(work: Workspace, resolved: Resolved) -> Planned:
    """Raises InputError for a file of WORK that cannot be read."""
    documents = resolved.documents
    gone = Gone(documents=documents, names=resolved.names, queries=[], negatives=[], heads={}, needles=[])
    rules = Rules(gone)
    written = _written(work, rules)
    people = _unanswered(work, rules)
    negatives = [one.id for one in _negatives(work) if rules.chunk(one.source) or one.query_id in written]
    brought = {name for kind, name in brought_by_doomed(work.llm_cache, rules) if kind == "written-negative"}
    gone = msgspec.structs.replace(
        gone,
        queries=sorted({*written, *people}),
        negatives=sorted({*negatives, *brought}),
        heads=_heads(work, rules),
    )
    candidates = set(_needles(work, Rules(gone), written))
    elsewhere = set(_held_elsewhere(work, Rules(gone), Finder(candidates)))
    needles = sorted(candidates - elsewhere)
    return Planned(gone=msgspec.structs.replace(gone, needles=needles), shared=len(elsewhere))


def queries(work: Workspace) -> Iterator[Query]:
    """Every record of a query in WORK: kept, rejected and carried ones, masked ones, those of the frozen tests."""
    for path in (work.queries, work.rejected, work.carried_queries):
        if path.is_file():
            yield from read_jsonl(path, Query)
    for path, name in (
        (work.mining, "masked"),
        (work.frozen_test, "queries"),
        (work.carried_test, "queries"),
    ):
        if path.is_file():
            yield from msgspec.convert(read_json(path)[name], list[Query])


def _written(work: Workspace, rules: Rules) -> dict[str, str]:
    """Id → text of the queries that go: written from what goes, answered by it, or by an LLM that was shown it."""
    brought = {name for kind, name in brought_by_doomed(work.llm_cache, rules) if kind == "query"}
    return {
        one.id: one.text
        for one in queries(work)
        if one.id in brought or rules.query({"id": one.id, "source": one.source, "positives": one.positives})
    }


def _unanswered(work: Workspace, rules: Rules) -> set[str]:
    """Queries of people that nothing but what goes was judged to answer."""
    left: dict[str, list[bool]] = defaultdict(list)
    for folder in beir_folders(work):
        for _, _, rows in judgments(folder):
            for query, passage, grade in rows:
                if int(grade) > 0:
                    left[query].append(rules.passage(passage))
    return {query for query, goes in left.items() if all(goes)}


def _negatives(work: Workspace) -> Iterable[WrittenNegative]:
    return read_jsonl(work.negatives, WrittenNegative) if work.negatives.is_file() else ()


def _heads(work: Workspace, rules: Rules) -> dict[str, str]:
    heads: dict[str, str] = {}
    for chunk in read_jsonl(work.chunks, Chunk) if work.chunks.is_file() else ():
        if rules.chunk(chunk.duplicate_of) and not rules.chunk(chunk.id):
            heads.setdefault(chunk.duplicate_of, chunk.id)
    return heads


def _needles(work: Workspace, rules: Rules, written: dict[str, str]) -> Iterator[bytes]:
    """Bytes that tell of what goes: names, digests, stretches of texts."""
    for name in rules.names:
        yield from _names(name)
    for identifier in rules.queries & written.keys() | rules.negatives:
        yield encoded(identifier)
    for document in read_jsonl(work.documents, Document) if work.documents.is_file() else ():
        if document.id in rules.documents:
            yield encoded(document.sha256)
            yield encoded(document.sha256[:16])
            yield from _stretches([document.text, document.title, *_texts(document.metadata)])
    for chunk in read_jsonl(work.chunks, Chunk) if work.chunks.is_file() else ():
        if rules.chunk(chunk.id):
            yield encoded(digest_text(chunk.passage.full_text))
            yield from _stretches(chunk.headings)
    yield from _stretches(written.values())
    for folder in beir_folders(work):
        asked = read_queries(folder / "queries.jsonl")
        yield from _stretches(asked[name].text for name in asked if name in rules.queries)
    for query in queries(work):
        if query.id in written:
            yield from _stretches([query.answer, query.cut])
    for negative in _negatives(work):
        if negative.id in rules.negatives:
            yield from _stretches([negative.text, negative.changed])


def _names(name: str) -> Iterator[bytes]:
    """An id as JSON, tables and SQLite write it, and what its chunks begin with."""
    said = msgspec.json.encode(name)[1:-1]
    if len(encoded(name)) >= _SHORTEST_NAME:
        if not name.isdecimal():
            yield encoded(name)
            yield said
        yield from (b'"' + said + end for end in (b'"', b"#"))
    yield from (f'"{key}":"'.encode() + said + b'"' for key in _BEFORE_NAMES)
    yield from (f'"{key}":"'.encode() + said + b"#" for key in _BEFORE_CHUNKS)


def _texts(value: Any) -> Iterator[str]:
    """The strings of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def _stretches(texts: Iterable[str]) -> Iterator[bytes]:
    return (encoded(window) for text in texts for window in windows(text))


def _held_elsewhere(work: Workspace, rules: Rules, finder: Finder) -> Iterator[bytes]:
    """Needles that are in what stays too: boilerplate, a name that is part of another's."""
    for document in read_jsonl(work.documents, Document) if work.documents.is_file() else ():
        if document.id not in rules.documents:
            yield from finder.found(msgspec.json.encode(document))
            texts = [document.text, document.title, document.id, document.path]
            yield from finder.found(encoded("\0".join([*texts, *_texts(document.metadata)])))
    for chunk in read_jsonl(work.chunks, Chunk) if work.chunks.is_file() else ():
        if not rules.chunk(chunk.id):
            kept = msgspec.structs.replace(chunk, duplicate_of="")
            yield from finder.found(msgspec.json.encode(kept))
    for query in queries(work):
        if not rules.query(msgspec.to_builtins(query)):
            yield from finder.found(encoded("\0".join([query.id, query.text, query.answer, query.cut])))
    for negative in _negatives(work):
        if negative.id not in rules.negatives:
            yield from finder.found(encoded("\0".join([negative.text, negative.changed])))
    for answer in staying_answers(work.llm_cache, rules):
        yield from finder.found(encoded(answer))
    for folder in beir_folders(work):
        for name, line in read_queries(folder / "queries.jsonl").items():
            if name not in rules.queries:
                yield from finder.found(msgspec.json.encode(name) + encoded(line.text))
    for path in _of_others(work):
        yield from finder.found(encoded(path.name))
        yield from finder.found(path.read_bytes())


def _of_others(work: Workspace) -> Iterator[Path]:
    """Files that no document is in: idiolect's own, whose words and names stand all over WORK, and the base's."""
    package = files("idiolect")
    yield from (
        path for path in sorted(Path(str(package)).rglob("*")) if path.is_file() and path.suffix != ".pyc"
    )
    for folder in (work.model, work.bundle / "model"):
        yield from (path for name in _OF_THE_BASE for path in sorted(folder.rglob(name)) if path.is_file())
