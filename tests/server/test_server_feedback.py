"""What searches showed is kept with consent, `POST /v1/feedback` takes events, and no search ever waits for either."""

import contextlib
import json
import logging
import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest
from happened import action, impression, keep, log_of
from serving_fixture import Running, until

from idiolect.config import Feedback, Privacy, Serve
from idiolect.lifecycle.feedback import database, keeping
from idiolect.lifecycle.feedback.keeping import Keeper
from idiolect.server import recording
from idiolect.server.logs import JsonLines
from idiolect.server.service import Service
from idiolect.workspace import Workspace

QUERY = "who looks after the rattling noise of Ms. Example?"


@contextlib.contextmanager
def kept_in(folder, bundle_path, store, key_file=None, **settings):
    """A server over a store that keeps feedback in a folder."""
    keeper = Keeper(Workspace(folder), Feedback(**settings), Privacy(), timeout=0.2)
    service = Service([bundle_path], config=Serve(store=str(store)), keeper=keeper)
    service.load()
    try:
        with Running(service, key_file) as server:
            yield server
    finally:
        service.close()


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("alive")


@pytest.fixture(scope="module")
def alive(work, bundle_path, store):
    with kept_in(work, bundle_path, store) as server:
        yield server


def searched(server, query=QUERY, **more):
    response = server.http.post("/v1/search", json={"query": query, "top": 3, **more})
    assert response.status_code == 200, response.text
    return response.json()


def told(server, events, status=200):
    response = server.http.post("/v1/feedback", json=events)
    assert response.status_code == status, response.text
    return response.json()


def found(folder, name):
    """An impression as it was kept, once it is."""
    seen = {}

    def there():
        with contextlib.suppress(Exception):  # until the first is written, there is no log
            seen.update({one.impression.id: one for one in log_of(folder).everything()})
        return name in seen

    until(there)
    return seen[name]


def test_what_a_search_showed_is_kept_where_consent_is_given(alive, work):
    answer = searched(alive, consent=True, user="mira", session="s-1")
    silent = searched(alive, user="mira")
    kept = found(work, answer["impression_id"]).impression
    assert [(hit.rank, hit.document, hit.chunk) for hit in kept.hits] == [
        (hit["rank"], hit["document_id"], hit["chunk_id"]) for hit in answer["hits"]
    ]
    assert (kept.query, kept.model, kept.mode, kept.consent) == (QUERY, "tiny", "hybrid", True)
    assert kept.user and "mira" not in kept.user and kept.session
    assert silent["impression_id"] not in {one.impression.id for one in log_of(work).everything()}


def test_terms_of_use_may_have_the_consent(tmp_path, bundle_path, store):
    with kept_in(tmp_path, bundle_path, store, consent="given") as server:
        found(tmp_path, searched(server)["impression_id"])


def test_an_action_is_kept_with_its_impression(alive, work):
    answer = searched(alive, consent=True)
    name = answer["impression_id"]
    event = action(name, rank=2) | {"time": found(work, name).impression.time}
    given = told(alive, event)
    assert (given["actions"], given["waiting"], given["set_aside"]) == (1, 0, [])
    assert told(alive, [event])["again"] == 1
    (clicked,) = found(work, name).actions
    assert clicked.rank == 2


def test_a_list_is_kept_but_for_what_is_set_aside(alive):
    events = [
        impression("l1"),
        action("l1"),
        {"type": "secret"},
        impression("l2", consent=False),
        action("l?"),
    ]
    given = told(alive, events)
    assert (given["impressions"], given["actions"], given["waiting"]) == (1, 1, 1)
    assert [(one["place"], one["reason"]) for one in given["set_aside"]] == [
        (3, "type must be impression or action"),
        (4, "no consent"),
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not valid JSON"),
        (b"[", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"[]", "lists 0 events"),
        (b"5", "no event"),
        (b'"secret"', "no event"),
        (b'{"type": "secret"}', "type must be"),
        (b'[{"type": "action"}, 7]', "no event"),
        (json.dumps([action()] * 1001).encode(), "1,001 events"),
    ],
)
def test_what_is_no_event_is_refused(alive, body, message):
    response = alive.http.post("/v1/feedback", content=body)
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]
    assert "secret" not in response.text


def test_without_a_place_to_keep_it_there_is_no_feedback(server):
    response = server.http.post("/v1/feedback", json=action())
    assert (response.status_code, response.json()["error"]["code"]) == (404, "no_feedback")
    assert "--feedback WORK" in response.json()["error"]["message"]


def test_it_asks_for_a_key_and_is_described(tmp_path, bundle_path, store):
    (tmp_path / "keys").write_text("secret\n")
    with kept_in(tmp_path / "work", bundle_path, store, tmp_path / "keys") as server:
        assert server.http.post("/v1/feedback", json=action()).status_code == 401
        described = server.http.get("/openapi.json").json()
        operation = described["paths"]["/v1/feedback"]["post"]
        assert operation["security"] == [{"key": []}]
        assert {"Impression", "Action", "Hit", "FeedbackAnswer"} <= described["components"]["schemas"].keys()
        server.http.headers["authorization"] = "Bearer secret"
        assert told(server, impression())["impressions"] == 1


def test_neither_log_nor_metrics_tell_what_was_asked(alive, work, caplog):
    with caplog.at_level(logging.INFO, logger="idiolect.requests"):
        found(work, searched(alive, consent=True, user="mira")["impression_id"])
        told(alive, impression("quiet", query=QUERY))
    lines = [JsonLines().format(one) for one in caplog.records]
    assert any("/v1/feedback" in line for line in lines)
    assert not any("Example" in line or "mira" in line for line in lines)
    page = alive.http.get("/metrics").text
    assert 'idiolect_feedback_events_total{outcome="impressions"}' in page
    assert "Example" not in page


def test_events_are_counted(alive):
    def count(outcome):
        return alive.count(f'feedback_events_total{{outcome="{outcome}"}}')

    before = {outcome: count(outcome) for outcome in ("impressions", "actions", "again", "set_aside")}
    told(alive, [impression("n1"), action("n1"), action("n1", rank=3), impression("n2", consent=False)])
    told(alive, [action("n1"), {"type": "secret"}])
    after = {outcome: count(outcome) - one for outcome, one in before.items()}
    assert after == {"impressions": 1, "actions": 2, "again": 1, "set_aside": 2}


def test_a_log_that_cannot_be_written_fails_no_search_and_is_logged_once(
    tmp_path, bundle_path, store, caplog, monkeypatch
):
    with kept_in(tmp_path, bundle_path, store) as server:
        full = threading.Event()
        full.set()
        original = Keeper.keep

        def keep(self, events):
            if full.is_set():
                raise OSError(28, f"No space left for {QUERY}")
            return original(self, events)

        monkeypatch.setattr(Keeper, "keep", keep)
        for _ in range(3):
            searched(server, consent=True)
        assert told(server, impression(), 503)["error"]["message"].startswith("the events cannot be kept")
        until(lambda: server.count('feedback_events_total{outcome="lost"}') == 4)
        failures = [one for one in caplog.records if one.name == recording.__name__]
        assert len(failures) == 1 and "Example" not in JsonLines().format(failures[0])
        full.clear()
        found(tmp_path, searched(server, consent=True)["impression_id"])
        assert told(server, impression())["impressions"] == 1


def test_another_writer_that_holds_the_log_holds_no_search_up(tmp_path, bundle_path, store):
    with kept_in(tmp_path, bundle_path, store) as server:
        with contextlib.closing(database.connected(tmp_path / "feedback.db")) as holder:
            holder.execute("BEGIN IMMEDIATE")
            name = searched(server, consent=True)["impression_id"]
            assert told(server, impression(), 503)
            holder.execute("ROLLBACK")
        later = searched(server, consent=True)["impression_id"]
        found(tmp_path, later)
        assert name != later


def test_more_than_may_wait_is_lost_and_counted_or_refused(tmp_path, bundle_path, store, monkeypatch):
    monkeypatch.setattr(recording, "WAITING", 2)
    with kept_in(tmp_path, bundle_path, store) as server:
        assert told(server, [impression(), action(), action(rank=2)], 429)["error"]["code"] == "queue_full"
        assert told(server, [impression(), action()])["actions"] == 1


def test_what_has_expired_goes_where_nobody_searches_any_more(tmp_path, bundle_path, store, monkeypatch):
    monkeypatch.setattr(recording, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(keeping, "EXPIRE_SECONDS", 0.0)
    with kept_in(tmp_path, bundle_path, store, retention_days=10) as server:
        keep(tmp_path, impression("old", -20 * 86_400))  # by an import whose settings keep it longer
        until(lambda: not list(log_of(tmp_path).everything()))
        assert told(server, impression("new"))["impressions"] == 1


@contextlib.contextmanager
def serving(bundle, *given):
    command = [sys.executable, "-m", "idiolect", "serve", bundle, "--port", "0", *given]
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        address = re.search(r"http://\S+", line)
        assert address, line + process.stderr.read()
        yield process, address[0].removesuffix("/v1")
    finally:
        process.kill()
        process.wait()


def test_several_servers_keep_in_one_place_and_lose_nothing_when_told_to_stop(tmp_path, bundle_path, store):
    given = ["--store", store, "--feedback", tmp_path / "work"]
    names = []
    with serving(bundle_path, *given) as (one, first), serving(bundle_path, *given) as (other, second):
        for number in range(20):
            asked = {"query": f"why does pump {number} rattle?", "consent": True, "user": "mira"}
            for url in (first, second):
                names.append(httpx.post(f"{url}/v1/search", json=asked).json()["impression_id"])
        for process in (one, other):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(30) for process in (one, other)] == [0, 0]
    kept = [seen.impression for seen in log_of(tmp_path / "work").everything()]
    assert {impression.id for impression in kept} == set(names)
    assert len({impression.user for impression in kept}) == 1, "with one key"


def test_a_place_that_cannot_be_written_stops_the_server_at_its_start(tmp_path, bundle_path):
    (tmp_path / "file").write_text("no folder")
    given = [sys.executable, "-m", "idiolect", "serve", bundle_path, "--feedback", tmp_path / "file"]
    done = subprocess.run([*map(str, given)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
