"""What a PostgreSQL store does beyond what every store does: addresses, refusals, and its index of vectors."""

import socket
from collections import Counter

import msgspec
import pytest
from stores import DIGEST, entry, indexed, vectors

from idiolect.errors import StoreError, UsageError
from idiolect.index.store import Batch, Candidates
from idiolect.index.stores.opening import open_store
from idiolect.index.stores.postgres_reading import vector_index


def test_a_server_that_is_not_there_is_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StoreError) as told:
        open_store(f"postgresql://someone:secret@127.0.0.1:{port}/works").indexed()
    assert "refused" in str(told.value) and "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_database_that_is_not_there_is_named(postgres):
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        open_store(_elsewhere(postgres)).indexed()


def _elsewhere(uri):
    before, _, parameters = uri.partition("?")
    return f"{before.rpartition('/')[0]}/nowhere?{parameters}"


def test_wrong_names_and_addresses_are_refused():
    with pytest.raises(UsageError, match="small letters"):
        open_store("postgresql://localhost/works#Not-This")
    with pytest.raises(UsageError) as told:
        open_store("postgresql://a:secret@localhost/works?nonsense=1")
    assert "nonsense" in str(told.value) and "secret" not in str(told.value)


def test_two_schemas_of_one_database_are_two_stores(postgres):
    first, second = open_store(f"{postgres}#first"), open_store(f"{postgres}#second")
    fill(first, 5)
    assert first.indexed().chunks == 5 and second.indexed() is None


@pytest.mark.parametrize(
    "candidates", [Candidates(precision="binary"), Candidates(dimension=8)], ids=["binary", "short"]
)
def test_candidates_are_found_by_the_index_that_was_made_for_them(postgres_uri, candidates):
    store = open_store(postgres_uri)
    fill(store, 2000, candidates)
    reader = store.read()
    order = vector_index(reader.indexed).distance
    statement = (
        f"explain select number from {reader._name}.chunks where {reader._read} order by {order} limit 10"
    )
    with reader._connected() as connection:
        connection.execute("set local enable_seqscan = off")  # so few rows are scanned as quickly
        plan = connection.execute(statement, {"vector": vectors(1, 32)[0]}).fetchall()
    assert "Index Scan using vectors_" in str(plan)
    assert len(reader.dense(vectors(1, 32)[0], 10).rows) == 10


def test_int8_is_refused_with_what_there_is(postgres_uri):
    with pytest.raises(UsageError, match="--precision binary"):
        open_store(postgres_uri).supports(Candidates(precision="int8"))


def fill(store, count, candidates=None):
    entries = [entry(number, f"pump {number}") for number in range(count)]
    terms = [Counter(one.full_text.split()) for one in entries]
    store.put(Batch(entries, vectors(count, 32), terms), DIGEST)
    told = indexed(dimension=32)
    told = msgspec.structs.replace(told, candidates=candidates) if candidates else told
    store.commit(told, {one.key for one in entries})
