"""Documents out of every kind of store: what is left searches as before, and no byte tells of what went."""

import re
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
from stores import DIGEST, entry, indexed, vectors

from idiolect.index.store import WHOLE, Batch, Candidates
from idiolect.index.stores.opening import open_store
from idiolect.mining.lexical import analyser

SECRET = "The auditor Quillfeather met nobody at the quay"


def entries(count=60):
    """Chunks of ten documents, of which `doc4` is the one that goes."""
    return [
        entry(
            number // 10,
            f"{SECRET} on day {number}"
            if number % 10 == 4
            else f"pump {number} stands beside valve {number % 7}",
            f"doc{number % 10}",
            tags=[f"path=doc{number % 10}.txt"],
        )
        for number in range(count)
    ]


def put(store, given):
    terms = analyser("en")
    rows = vectors(len(given), seed=len(given))
    store.put(Batch(given, rows, [Counter(terms(one.full_text)) for one in given]), DIGEST)
    return rows


def fill(uri, given, candidates=WHOLE):
    store = open_store(uri)
    rows = put(store, given)
    store.commit(msgspec.structs.replace(indexed(), candidates=candidates), {one.key for one in given})
    return store, rows


@pytest.fixture
def filled(uri):
    return fill(uri, entries())


def files_of(uri):
    folder = re.sub("#.*|^qdrant://", "", uri)
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def test_nothing_of_a_document_is_left(uri, filled):
    store, rows = filled
    note = store.expunge({"doc4", "doc-that-is-not-there"})

    reader = open_store(uri).read()
    assert (reader.indexed.chunks, reader.indexed.documents) == (54, 9)
    assert "doc4" not in reader.documents()
    assert reader.around("doc4", 0, 100) == []
    hits = reader.lexical(analyser("en")("auditor Quillfeather"), 10)
    assert len(hits.rows) == 0
    own = entries()
    for number in (0, 3, 15, 59):
        found = reader.dense(rows[number], 1, exact=True)
        assert reader.entries(found.rows)[0].id == own[number].id
        assert found.scores[0] == pytest.approx(1, abs=1e-4)
    if "postgres" in uri:
        assert "write-ahead" in note
        return
    for path in files_of(uri):
        assert b"Quillfeather" not in path.read_bytes(), path
        assert b"doc4" not in path.read_bytes(), path


def test_terms_that_no_other_document_has_are_gone_from_bm25(uri, filled):
    store, _ = filled
    before = store.read().lexical(analyser("en")("pump"), 60)
    store.expunge({"doc4"})
    after = open_store(uri).read().lexical(analyser("en")("pump"), 60)
    assert len(before.rows) == len(after.rows) == 54
    assert np.all(np.isfinite(after.scores))


def test_it_can_be_indexed_again_and_keeps_what_it_had(uri, filled):
    store, _ = filled
    store.expunge({"doc4"})
    again = open_store(uri)
    assert len(again.held(DIGEST)) == 54
    more = [entry(0, "a new pump", "doc99", position=0)]
    put(again, more)
    told = again.commit(indexed(), again.held(DIGEST))
    assert (told.chunks, told.documents) == (55, 10)


def test_a_write_that_was_cut_off_goes_too(uri):
    store = open_store(uri)
    put(store, entries())
    store.expunge({"doc4"})
    left = {identifier.partition("#")[0] for identifier, _ in open_store(uri).held(DIGEST)}
    assert "doc4" not in left


def test_quantised_vectors_and_their_index_are_made_anew(tmp_path):
    uri = str(tmp_path / "store")
    store, rows = fill(uri, entries(300), Candidates(precision="binary"))
    assert any(b"Quillfeather" in path.read_bytes() for path in files_of(uri)), (
        "LanceDB writes texts as they are"
    )
    store.expunge({"doc4"})
    reader = open_store(uri).read()
    assert (reader.indexed.chunks, reader.indexed.candidates.precision) == (270, "binary")
    assert "doc0#0" in [one.id for one in reader.entries(reader.dense(rows[0], 10).rows)]
    assert not any(b"Quillfeather" in path.read_bytes() for path in files_of(uri))
