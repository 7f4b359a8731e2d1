"""What a searcher makes of a store's rankings."""

from collections import Counter

import numpy as np
import pytest
from stores import DIGEST, Looked, a_manifest, entry, indexed, vectors

from idiolect.errors import StoreError
from idiolect.index import bm25
from idiolect.index.bm25 import StoredBM25
from idiolect.index.building import entries as as_entries
from idiolect.index.searching import Searcher
from idiolect.index.store import Batch, shown, tag
from idiolect.index.stores.opening import open_store
from idiolect.records import Chunk, Document


def test_documents_are_found_behind_one_of_very_many_chunks(tmp_path):
    query = vectors(1)[0]
    near = [query + 0.01 * vectors(1, seed=number)[0] for number in range(300)]
    others = list(vectors(20, seed=9))
    given = np.stack([*near, *others]).astype(np.float32)
    given /= np.linalg.norm(given, axis=1, keepdims=True)
    entries = [entry(number, "pump pump", "long") for number in range(300)]
    entries += [
        entry(0, "a pump among many other words that are here", f"short{number}") for number in range(20)
    ]
    store = open_store(str(tmp_path / "store"))
    store.put(Batch(entries, given, [Counter(one.full_text.split()) for one in entries]), DIGEST)
    store.commit(indexed(), {one.key for one in entries})
    searcher = Searcher(store, a_manifest(indexed()), Looked(["pump"], [query]))
    for mode in ("dense", "lexical", "hybrid"):
        hits = searcher.search("pump", 10, mode, unit="document")
        assert len({hit.document_id for hit in hits}) == 10, mode
        assert hits[0].document_id == "long"


def test_a_searcher_that_is_refused_stays_so(tmp_path, monkeypatch):
    monkeypatch.setattr("idiolect.index.searching.LOOK_SECONDS", 0)
    entries, given = [entry(number, f"pump {number}") for number in range(5)], vectors(5)
    terms = [Counter(one.full_text.split()) for one in entries]
    store = open_store(str(tmp_path / "store"))
    store.put(Batch(entries, given, terms), DIGEST)
    store.commit(indexed(), {one.key for one in entries})
    searcher = Searcher(store, a_manifest(indexed()), Looked(["pump"], given[:1]))
    assert searcher.search("pump")
    store.put(Batch(entries, given, terms), "e" * 64)
    store.commit(indexed("e" * 64), {one.key for one in entries})
    for _ in range(3):
        with pytest.raises(StoreError, match="model_digest"):
            searcher.search("pump")


def test_words_that_are_nowhere_are_not_held_for_ever(monkeypatch):
    monkeypatch.setattr(bm25, "KEPT", 1000)
    stored = StoredBM25(np.arange(3), np.ones(3, np.float32), indexed(), lambda terms: [])
    for start in range(0, 5000, 100):
        assert not stored.scores([f"word{number}" for number in range(start, start + 100)]).any()
    assert len(stored._held) <= 1000 / bm25.HELD_TERM


def test_entries_of_another_language_are_other_versions():
    document = Document(
        id="a", path="a.md", title="", text="Pumpen\0", sha256="", metadata={"draft": True, "long": "x" * 501}
    )
    chunk = Chunk(id="a#0", document_id="a", title="", headings=[], text="Pumpen\0", start=0, end=7, tokens=2)
    (english,), (german,) = (as_entries([document], [chunk], language) for language in ("en", "de"))
    assert english.digest != german.digest
    assert "draft=true" in english.tags and not any(one.startswith("long=") for one in english.tags)
    assert english.text == "Pumpen "
    assert tag("year", 2024) == "year=2024"


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://me:secret@host/works",
        "postgresql://me:se@secret@host/works",
        "postgresql://me:a/secret@host/works",
        "postgresql://host/works?user=me&password=secret&sslmode=require#name",
    ],
)
def test_a_password_is_not_shown(uri):
    assert "secret" not in shown(uri)
    assert "host/works" in shown(uri)
