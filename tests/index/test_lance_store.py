"""What a LanceDB folder does beyond what every store does: versions that readers hold, and what is broken."""

import datetime
import shutil
import time
from collections import Counter

import msgspec
import numpy as np
import pytest
from stores import DIGEST, entry, indexed, vectors

from idiolect.errors import StoreError
from idiolect.index.store import Batch, Candidates
from idiolect.index.stores import lance, lance_reading
from idiolect.index.stores.lance_tables import load_state
from idiolect.index.stores.opening import open_store


def fill(store, entries, given=None, **told):
    given = vectors(len(entries)) if given is None else given
    store.put(Batch(entries, given, [Counter(one.full_text.split()) for one in entries]), DIGEST)
    store.commit(msgspec.structs.replace(indexed(), **told), {one.key for one in entries})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


def test_what_is_replaced_can_be_read_until_the_commit_after(folder, monkeypatch):
    monkeypatch.setattr(lance, "KEPT", datetime.timedelta(seconds=0.1))
    store = open_store(str(folder))
    fill(store, [entry(number, f"pump {number}") for number in range(20)])
    opened, unopened = store.read(), store.read()
    assert len(opened.lexical(["pump"], 30).rows) == 20
    fill(store, [entry(number, f"valve {number}") for number in range(20)])
    for reader in (opened, unopened):
        assert len(reader.lexical(["pump"], 30).rows) == 20
        assert reader.entries(reader.dense(vectors(1)[0], 1).rows)[0].text == "pump 0"
    time.sleep(0.2)
    fill(store, [entry(number, f"filter {number}") for number in range(20)])
    fill(store, [entry(number, f"seal {number}") for number in range(20)])
    with pytest.raises(StoreError, match="search again"):
        unopened.around("one", 0, 0)


def test_a_file_that_is_missing_is_one_line(folder):
    fill(open_store(str(folder)), [entry(number, f"pump {number}") for number in range(20)])
    shutil.rmtree(folder / "chunks_8.lance" / "data")
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(str(folder)).read().dense(vectors(1)[0], 5)
    with pytest.raises(StoreError, match="cannot be"):
        fill(open_store(str(folder)), [entry(99, "new")])


def test_a_folder_that_a_kill_left_without_a_state_is_taken_again(folder):
    store = open_store(str(folder))
    fill(store, [entry(0, "pump")])
    (folder / "index.json").unlink()
    shutil.rmtree(folder / "postings.lance")
    fill(open_store(str(folder)), [entry(1, "valve")])
    assert open_store(str(folder)).indexed().chunks == 1


def test_a_filter_finds_what_lies_in_other_partitions(folder, monkeypatch):
    """As exact search does, though one partition alone is looked at where there is no filter."""
    monkeypatch.setattr(lance_reading, "PROBES", 1)
    given = vectors(4000)
    query = given[0]
    far = np.argsort(given @ query)[:10]
    entries = [entry(number, f"pump {number}", tags=["far=yes"] * (number in far)) for number in range(4000)]
    fill(open_store(str(folder)), entries, given, candidates=Candidates(precision="int8"))
    reader = open_store(str(folder)).read()
    assert len(np.intersect1d(reader.dense(query, 400).rows, reader.dense(query, 400, exact=True).rows)) < 400
    hits = reader.dense(query, 10, [["far=yes"]])
    assert sorted(one.position for one in reader.entries(hits.rows)) == sorted(far.tolist())


def test_an_index_of_vectors_takes_in_what_comes_until_it_is_made_anew(folder):
    given = vectors(1400, 16)
    entries = [entry(number, f"pump {number}") for number in range(1400)]
    told = {"candidates": Candidates(precision="int8"), "dimension": 16}
    trained = []
    for end in (600, 700, 1400):
        new = slice({600: 0, 700: 600, 1400: 700}[end], end)
        store = open_store(str(folder))
        terms = [Counter(one.full_text.split()) for one in entries[new]]
        store.put(Batch(entries[new], given[new], terms), DIGEST)
        store.commit(msgspec.structs.replace(indexed(), **told), {one.key for one in entries[:end]})
        trained.append(load_state(folder).trained)
        reader = open_store(str(folder)).read()
        for place in (0, end - 1):
            assert reader.entries(reader.dense(given[place], 1).rows) == [entries[place]]
    assert trained == [600, 600, 1400]
