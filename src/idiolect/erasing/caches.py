"""WORK's caches without what goes: vectors, a cross-encoder's scores, answers of LLMs, what ingest had read."""

import contextlib
import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from idiolect.bundle import Bundle
from idiolect.erasing.files import beir_folders
from idiolect.erasing.gone import Rules
from idiolect.errors import PrivacyError
from idiolect.evaluation.beir import read_corpus
from idiolect.files import read_json, read_jsonl, remove, replacing
from idiolect.mining.rows import key_of
from idiolect.records import Chunk, Query
from idiolect.runtimes.layout import is_bundle
from idiolect.workspace import Workspace

_KEY_BYTES = 16
_PAIR = (".keys", ".f32")


def clear(work: Workspace, rules: Rules, write: bool) -> Counter[str]:
    """How many entries go; `write` takes them out. Called when the files of WORK hold no more than what stays."""
    gone = answers(work.llm_cache, rules, write)
    gone += _vectors(work, rules, write)
    for folder, kind in ((work.pair_scores, "scores of pairs"), (work.reading, "files that ingest had read")):
        # a key there is a digest of two texts, or what is kept holds whole documents: all of it is made again
        count = sum(1 for path in folder.glob("*") if path.suffix != ".lock") if folder.is_dir() else 0
        gone[kind] += count
        if count and write:
            remove(folder)
    if work.checkpoints.exists():
        gone["checkpoints"] += 1
        if write:
            remove(work.checkpoints)
    return +gone


def answers(path: Path, rules: Rules, write: bool) -> Counter[str]:
    """Every cached answer whose request showed what goes, or brought it; of which nobody knows, that goes too."""
    gone: Counter[str] = Counter()
    if not path.is_file():
        return gone
    try:
        uri = f"{path.resolve().as_uri()}?mode={'rw' if write else 'ro'}"
        with contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
        ) as connection:
            doomed, unknown = _doomed(connection, rules)
            gone["answers of LLMs"] = len(doomed)
            gone["answers of LLMs whose request is not known"] = len(unknown)
            if write:
                _delete(connection, doomed | unknown)
    except sqlite3.Error as error:
        raise PrivacyError(
            f"the cache of LLM answers {path} cannot be used ({error}): repair or delete it"
        ) from None
    return +gone


def brought_by_doomed(path: Path, rules: Rules) -> Iterator[tuple[str, str]]:
    """Kind and id of what answers brought whose request showed a chunk that goes, to have queries written."""
    if not path.is_file():
        return
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
        if not _has_shown(connection):
            return
        rows = connection.execute("SELECT key, kind, id, role FROM shown ORDER BY key")
        for _, group in itertools.groupby(rows, key=lambda row: row[0]):
            about = list(group)
            if any(
                role == "shown" and kind == "chunk" and rules.chunk(name) for _, kind, name, role in about
            ):
                yield from ((kind, name) for _, kind, name, role in about if role == "wrote")


def staying_answers(path: Path, rules: Rules) -> Iterator[str]:
    """The texts of cached answers that stay."""
    if not path.is_file():
        return
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
        doomed, unknown = _doomed(connection, rules)
        for key, text in connection.execute("SELECT key, text FROM answers"):
            if key not in doomed and key not in unknown:
                yield text


def _has_shown(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'shown'").fetchone() is not None


def _doomed(connection: sqlite3.Connection, rules: Rules) -> tuple[set[str], set[str]]:
    keys = {key for (key,) in connection.execute("SELECT key FROM answers")}
    if not _has_shown(connection):
        return set(), keys
    doomed, known = set(), set()
    for key, kind, name in connection.execute("SELECT key, kind, id FROM shown"):
        known.add(key)
        if (
            rules.passage(name)
            or (kind == "query" and name in rules.queries)
            or (kind == "document" and name in rules.documents)
        ):
            doomed.add(key)
    return doomed, keys - known


def _delete(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Out of every page, and out of the log beside the file."""
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    tables = ["answers", *(["shown"] if _has_shown(connection) else [])]
    for table in tables:
        connection.executemany(f"DELETE FROM {table} WHERE key = ?", ((key,) for key in keys))
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _vectors(work: Workspace, rules: Rules, write: bool) -> Counter[str]:
    """A row stays where it is the vector of a text that stays: of others nobody can say whose they are.

    Nor can anybody where a killed process left rows without keys, or keys without rows.
    """
    gone: Counter[str] = Counter()
    files = sorted({path.with_suffix(".keys") for path in work.vectors.glob("*.*") if path.suffix in _PAIR})
    if not files:
        return gone
    width = Bundle.load(work.bundle).manifest.dimension if is_bundle(work.bundle) else 0
    staying = {key_of(prompt + text) for text in _staying(work, rules) for prompt in _prompts(work)}
    for path in files:
        rows = path.with_suffix(".f32")
        keys = path.read_bytes() if path.is_file() else b""
        count = len(keys) // _KEY_BYTES
        if not rows.is_file() or rows.stat().st_size != 4 * width * count:
            gone["cached vectors"] += max(count, 1)
            for one in (path, rows) if write else ():
                one.unlink(missing_ok=True)
            continue
        held = [keys[place : place + _KEY_BYTES] for place in range(0, count * _KEY_BYTES, _KEY_BYTES)]
        kept = [number for number, key in enumerate(held) if key in staying]
        gone["cached vectors"] += count - len(kept)
        if not write or len(kept) == count:
            continue
        left = np.fromfile(rows, np.float32, count * width).reshape(count, width)[kept]
        path.unlink()  # rows without keys count for nothing, should this be killed
        with replacing(rows) as draft:
            left.tofile(draft)
        with replacing(path) as draft:
            draft.write_bytes(b"".join(held[number] for number in kept))
    return +gone


def _staying(work: Workspace, rules: Rules) -> Iterator[str]:
    """The texts that stay: chunks, queries, and passages of test and dev sets."""
    if work.chunks.is_file():
        for chunk in read_jsonl(work.chunks, Chunk):
            if not rules.chunk(chunk.id):
                yield chunk.passage.full_text
    if work.queries.is_file():
        yield from (one.text for one in read_jsonl(work.queries, Query) if one.id not in rules.queries)
    for folder in beir_folders(work):
        for name, passage in read_corpus(folder / "corpus.jsonl").items():
            if not rules.passage(name):
                yield passage.full_text


def _prompts(work: Workspace) -> set[str]:
    """What texts are encoded behind, by WORK's model; its base has the same."""
    path = work.model / "config_sentence_transformers.json"
    prompts = read_json(path).get("prompts") if path.is_file() else None
    return {"", *(prompts or {}).values()}
