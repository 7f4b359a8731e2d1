"""What a Qdrant store does beyond what every store does: addresses, refusals, and writes that were cut off."""

import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from stores import DIGEST, entry, indexed, vectors

from idiolect.errors import MissingExtra, StoreError, UsageError
from idiolect.index.store import Batch, Candidates
from idiolect.index.stores import qdrant_state
from idiolect.index.stores.opening import open_store
from idiolect.index.stores.qdrant_connection import Connection
from idiolect.index.stores.qdrant_points import number_of

ENTRIES = [entry(number, f"pump {number}") for number in range(6)]


@pytest.fixture
def uri(tmp_path):
    return f"qdrant://{tmp_path}/store"


@pytest.fixture
def store(uri):
    """Six chunks, committed."""
    store = open_store(uri)
    put(store, ENTRIES)
    store.commit(indexed(), keys(ENTRIES))
    return store


@pytest.fixture
def answering():
    """Starts a web server that gives every request one answer; its address."""
    servers = []

    def start(status, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"qdrant://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def put(store, entries, digest=DIGEST, dimension=8):
    counts = [Counter(one.text.split()) for one in entries]
    store.put(Batch(entries, vectors(len(entries), dimension), counts), digest)


def keys(entries):
    return {one.key for one in entries}


def ids(reader):
    return sorted(one.id for one in reader.entries(reader.sample(99)))


def refused(uri):
    """The one line that opening and asking ends in."""
    with pytest.raises((StoreError, UsageError)) as caught:
        open_store(uri).indexed()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("qdrant://localhost#My Index", "small letters"),
        ("qdrant://localhost:port", "ort"),
        ("qdrant://localhost/some/path", "qdrant:///FOLDER"),
        ("qdrant://", "qdrant://HOST"),
        ("qdrants:///tmp/store", "qdrant:///FOLDER"),
        ("qdrant://ann:secret@localhost", "QDRANT_API_KEY"),
    ],
)
def test_an_address_that_is_none_is_refused(uri, said):
    line = refused(uri)
    assert said in line and "secret" not in line


def test_without_its_package_the_extra_is_named(monkeypatch, uri):
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(MissingExtra, match=r"idiolect\[qdrant\]"):
        open_store(uri)


def test_a_server_that_does_not_answer():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        line = refused(f"qdrant://127.0.0.1:{unused.getsockname()[1]}")
    assert "does not answer" in line and "check the address" in line


@pytest.mark.filterwarnings("ignore:Api key is used")
def test_a_server_that_wants_another_key(monkeypatch, answering):
    address = answering(401, "Invalid API key or JWT")
    monkeypatch.delenv("QDRANT_API_KEY", raising=False)
    assert "QDRANT_API_KEY is not set" in refused(address)
    monkeypatch.setenv("QDRANT_API_KEY", "wrong-one")
    line = refused(address)
    assert "QDRANT_API_KEY holds no key that may do this" in line and "wrong-one" not in line


def test_a_server_that_is_none_of_qdrant(answering):
    assert "check the address" in refused(answering(404, "<html>not here</html>"))
    assert "check the address" in refused(answering(200, "<html>welcome</html>"))


def test_what_a_server_complains_of_is_told(answering):
    body = json.dumps({"status": {"error": "Wrong input: too much"}, "time": 0})
    assert refused(answering(400, body)).endswith(": Wrong input: too much")


def test_short_vectors_need_a_server_that_adds_them(answering):
    def supports(version):
        address = answering(200, json.dumps({"title": "qdrant", "version": version}))
        open_store(address).supports(Candidates(dimension=4))

    supports("1.18.0-dev")
    supports("2.0.1")
    with pytest.raises(UsageError, match=r"Qdrant 1\.17\.2; upgrade it to 1\.18"):
        supports("1.17.2")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ann")
    assert "a folder of its own" in refused(f"qdrant://{tmp_path}")
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_is_one_process_at_a_time(uri, store):
    code = (
        "from idiolect.index.stores.opening import open_store\n"
        "from idiolect.errors import StoreError\n"
        f"try: print(open_store({uri!r}).indexed().chunks)\n"
        "except StoreError as error: print(error)\n"
    )

    def elsewhere():
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "in use by another process" in elsewhere().stdout
    with store._connection.client() as client:
        client.close()
    assert elsewhere().stdout == "6\n"


def test_several_stores_share_a_folder_in_one_process_and_leave_it_together(uri):
    first, second = open_store(uri), open_store(uri)
    put(first, ENTRIES)
    assert second.held(DIGEST) == keys(ENTRIES)
    del first
    second.commit(indexed(), keys(ENTRIES))
    del second
    assert ids(open_store(uri).read()) == sorted(one.id for one in ENTRIES)


def test_a_commit_that_is_cut_off_changes_nothing_and_is_made_good_by_the_next(uri, store, monkeypatch):
    before = store.read()
    added = entry(9, "seal")
    put(store, [added])
    with monkeypatch.context() as cut:
        cut.setattr(qdrant_state, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.commit(indexed(), keys([*ENTRIES[3:], added]))
    assert before.current() and ids(store.read()) == sorted(one.id for one in ENTRIES)
    assert store.held(DIGEST) == keys([*ENTRIES, added]), "nothing of it is encoded again"
    assert store.commit(indexed(), keys(ENTRIES)).chunks == 6
    assert ids(store.read()) == ids(before)
    assert store.held(DIGEST) == keys(ENTRIES)
    assert store.commit(indexed(), keys(ENTRIES)).chunks == 6


def test_what_went_can_be_read_until_the_commit_after(store):
    before = store.read()
    rows = before.sample(99)
    store.commit(indexed(), keys(ENTRIES[:2]))
    assert len(before.entries(rows)) == 6 and len(before.dense(vectors(1)[0], 9).rows) == 6
    store.commit(indexed(), keys(ENTRIES[:2]))
    with pytest.raises(StoreError, match="search again"):
        before.entries(rows)
    with pytest.raises(StoreError, match="search again"):
        before.cosines(vectors(1)[0], rows)


def test_a_collection_of_another_model_goes_with_the_commit_after(uri, store):
    other, before = "e" * 64, store.read()
    put(store, ENTRIES, other, 16)
    for _ in range(2):
        assert len(before.dense(vectors(1)[0], 9).rows) == 6
        store.commit(indexed(other, 16), keys(ENTRIES))
    with pytest.raises(StoreError, match="not found"):
        before.dense(vectors(1)[0], 9)
    assert store.held(DIGEST) == set()


def test_short_vectors_go_when_nobody_finds_by_them(store):
    def commit(candidates):
        store.commit(msgspec.structs.replace(indexed(), candidates=candidates), keys(ENTRIES))
        with store._connection.client() as client:
            collection = f"idiolect-{DIGEST[:12]}"
            return set(client.get_collection(collection).config.params.vectors)

    assert commit(Candidates(dimension=4)) == {"whole", "short_4"}
    assert commit(Candidates(dimension=2, precision="int8")) == {"whole", "short_4", "short_2"}
    query = vectors(6)[3]
    assert store.read().entries(store.read().dense(query, 1).rows) == [ENTRIES[3]]
    assert commit(Candidates()) == {"whole", "short_2"}
    assert commit(Candidates()) == {"whole"}


def test_writers_at_one_time_take_other_rows_and_one_of_two_commits_is_told(uri, store):
    connection, taken = Connection(uri), []

    def take():
        taken.extend(qdrant_state.take_rows(connection, 3) for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(6, 6 + 3 * 80, 3))
    seen = qdrant_state.load(connection)
    store.commit(indexed(), keys(ENTRIES))
    with pytest.raises(StoreError, match="index again"):
        qdrant_state.save(connection, qdrant_state.State(seen.generation + 1, seen.indexed))


def test_a_store_of_a_later_version_is_not_read(uri, store):
    with store._connection.client() as client:
        client.set_payload("idiolect-state", payload={"schema": 99}, points=[qdrant_state.STATE])
    assert "upgrade idiolect" in refused(uri)


def test_names_keep_stores_of_one_folder_apart(uri, store):
    other = open_store(f"{uri}#other")
    put(other, ENTRIES[:1])
    other.commit(indexed(), keys(ENTRIES[:1]))
    assert (other.indexed().chunks, store.indexed().chunks) == (1, 6)


def test_a_term_keeps_its_number():
    assert [number_of(term) for term in ("pump", "o'ring", "Öl")] == [746596696, 4154129227, 3933199178]


def test_a_server_adds_short_vectors_and_the_contract_is_tested_with_it(qdrant_server_uri):
    open_store(qdrant_server_uri).supports(Candidates(dimension=4))
