"""`POST /v1/search`: what the served model finds in a store."""

import concurrent.futures
import json
import logging
import re
import shutil
import subprocess
import sys
import threading

import httpx
import msgspec
import numpy as np
import pytest
from indexed_manuals import command
from serving_fixture import Running, moved, until

from idiolect.bundle import Bundle
from idiolect.errors import StoreError
from idiolect.index.store import Bridge
from idiolect.index.stores.opening import open_store
from idiolect.indexing import open_searcher
from idiolect.server.logs import JsonLines
from idiolect.server.search_contract import LONGEST
from idiolect.server.stored import THREADS

QUERY = "who looks after the rattling noise?"


@pytest.fixture(scope="module")
def ask(searched):
    def asked(query=QUERY, status=200, **more):
        response = searched.http.post("/v1/search", json={"query": query, **more})
        assert response.status_code == status, response.text
        return response.json()

    return asked


@pytest.fixture
def own(store, tmp_path):
    """A store and its documents, to be changed."""
    shutil.copytree(store.parent, tmp_path / "own")
    return tmp_path / "own" / "store", tmp_path / "own" / "documents"


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
@pytest.mark.parametrize("unit", ["chunk", "document"])
def test_hits_are_those_of_the_command_line(ask, store, mode, unit):
    answer = ask(mode=mode, unit=unit, top=7, context=1)
    found = open_searcher(str(store)).search(QUERY, 7, mode, (), unit, 1)
    assert (answer["object"], answer["model"], answer["mode"]) == ("search", "tiny", mode)
    assert answer["hits"] == [
        dict(msgspec.to_builtins(hit), score=pytest.approx(hit.score, abs=2e-3)) for hit in found
    ]
    assert answer["hits"]


def test_without_more_than_a_query_ten_chunks_are_found(ask):
    assert ask() | {"impression_id": ""} == ask(
        top=10, mode="hybrid", where=[], unit="chunk", context=0, user="somebody", anything="else"
    ) | {"impression_id": ""}
    nulls = dict.fromkeys(("top", "mode", "where", "unit", "context", "user"))
    assert ask(**nulls)["hits"] == ask()["hits"]
    assert len(ask()["hits"]) == 10


def test_documents_are_found_once_and_only_those_with_the_tags(ask):
    hits = ask("pump", unit="document", top=12)["hits"]
    assert len({hit["document_id"] for hit in hits}) == 12
    hits = ask("water", where=["licence=CC-BY-4.0"])["hits"]
    assert hits and all(hit["path"].endswith(".md") for hit in hits)
    assert ask("water", where=["licence=none"])["hits"] == []


def test_a_query_without_a_letter_or_digit_finds_nothing(ask):
    assert ask("?!")["hits"] == []


def test_neighbours_come_with_a_hit(ask):
    (hit,) = ask("spindle", mode="lexical", top=1, context=1)["hits"]
    near = [*hit["before"], *hit["after"]]
    assert near and {abs(one["position"] - hit["position"]) for one in near} == {1}


def test_each_answer_has_an_impression_of_its_own(ask):
    names = {ask()["impression_id"] for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch("imp_[0-9a-f]{32}", name) for name in names)


def test_the_impression_is_logged_and_the_query_is_not(ask, caplog):
    with caplog.at_level(logging.INFO, logger="idiolect.requests"):
        name = ask("Ms. Example's diagnosis")["impression_id"]
    (line,) = [
        json.loads(JsonLines().format(one)) for one in caplog.records if one.name == "idiolect.requests"
    ]
    assert (line["impression_id"], line["route"], line["model"], line["texts"]) == (
        name,
        "/v1/search",
        "tiny",
        1,
    )
    assert line["tokens"] > 2
    assert "diagnosis" not in json.dumps(line)


def test_searches_are_counted_by_route_and_encoded_by_the_engine(searched, ask):
    route = 'requests_total{route="/v1/search",status="200"}'
    before, texts = searched.count(route), searched.count("texts_total")
    ask("a query that nobody has asked so far")
    ask("a query that nobody has asked so far")
    assert searched.count(route) - before == 2
    assert searched.count("texts_total") - texts == 1, "the second is the cache's"


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        ({}, "query", "query is required"),
        ({"query": None}, "query", "query is required"),
        ({"query": ""}, "query", "query is empty"),
        ({"query": 5}, "query", "must be a string"),
        ({"query": "a" * (LONGEST + 1)}, "query", "10,001 characters"),
        ({"query": "a", "top": 0}, "top", "Expected int >= 1"),
        ({"query": "a", "top": 101}, "top", "Expected int <= 100"),
        ({"query": "a", "context": 11}, "context", "Expected int <= 10"),
        ({"query": "a", "mode": "secret"}, "mode", "hybrid, dense, lexical"),
        ({"query": "a", "unit": "secret"}, "unit", "chunk, document"),
        ({"query": "a", "where": ["secret"]}, "where", "KEY=VALUE"),
        ({"query": "a", "where": "secret"}, "where", "KEY=VALUE"),
        ([], None, "JSON object"),
    ],
)
def test_what_is_wrong_is_said(searched, body, param, message):
    response = searched.http.post("/v1/search", json=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["param"] == param and message in error["message"]
    assert "secret" not in response.text


def test_without_a_store_there_is_nothing_to_search(server):
    response = server.http.post("/v1/search", json={"query": "a"})
    assert response.status_code == 404
    assert "without --store" in response.json()["error"]["message"]


def test_with_keys_it_asks_for_one(service, tmp_path):
    (tmp_path / "keys").write_text("secret\n")
    with Running(service, tmp_path / "keys") as server:
        assert server.http.post("/v1/search", json={"query": "a"}).status_code == 401
        operation = server.http.get("/openapi.json").json()["paths"]["/v1/search"]["post"]
        assert operation["security"] == [{"key": []}]


def test_until_it_has_loaded_nothing_is_found(bundle_path, store):
    from idiolect.config import Serve
    from idiolect.server.service import Service

    with Running(Service([bundle_path], config=Serve(store=str(store)))) as server:
        assert server.http.post("/v1/search", json={"query": "a"}).status_code == 503


def test_what_is_committed_meanwhile_is_found(alone, bundle_path, own):
    store, documents = own
    with Running(alone(store=str(store))) as server:

        def found():
            answer = server.http.post("/v1/search", json={"query": "zeppelin", "mode": "lexical"})
            return [hit["path"] for hit in answer.json()["hits"]]

        assert found() == []
        (documents / "mooring.txt").write_text("A zeppelin is moored at the tank.\n")
        command("index", bundle_path, documents, "--store", store, "-q")
        until(lambda: found() == ["mooring.txt"])


def test_a_store_of_another_model_is_not_served(other_bundle_path, store):
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "idiolect",
            "serve",
            str(other_bundle_path),
            "--store",
            str(store),
            "--port",
            "0",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert "model_digest" in line and f"idiolect index BUNDLE DOCS --store {store}" in line


def test_a_place_without_an_index_is_not_served(alone, tmp_path):
    with pytest.raises(StoreError, match="idiolect index BUNDLE DOCS --store"):
        alone(store=str(tmp_path / "nothing"))


def test_after_a_reload_the_reason_is_said_until_the_store_is_the_new_models(
    alone, link, other_bundle_path, own, tmp_path, caplog
):
    store, documents = own
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    with Running(alone(link, store=str(store)), keys) as server:
        server.http.headers["authorization"] = "Bearer secret"

        def asked():
            return server.http.post("/v1/search", json={"query": QUERY})

        before = asked().json()["hits"]
        moved(link, other_bundle_path)
        assert server.http.post("/admin/reload").json()["reloaded"] == ["tiny"]
        assert "cannot be searched with the models" in caplog.text
        refused = asked()
        assert refused.status_code == 503
        assert "made with another model" in refused.json()["error"]["message"]
        assert str(tmp_path) not in refused.text
        command("index", other_bundle_path, documents, "--store", store, "-q")
        until(lambda: asked().status_code == 200)
        assert asked().json()["hits"] != before


def test_a_store_that_goes_is_503_and_logged(alone, own, caplog):
    store, _ = own
    with Running(alone(store=str(store))) as server:
        shutil.rmtree(store)
        until(lambda: server.http.post("/v1/search", json={"query": QUERY}).status_code == 503)
        response = server.http.post("/v1/search", json={"query": QUERY})
        assert str(store) not in response.text
        assert "the log says why" in response.json()["error"]["message"]
        assert "the store failed" in caplog.text
        assert server.post(input="a pump").status_code == 200


def test_a_full_queue_is_429_as_for_vectors(alone, store, monkeypatch):
    service = alone(store=str(store), max_queue_tokens=1)
    runtime, gate = service.models["tiny"].runtime, threading.Event()
    original = runtime.encode_tokens
    monkeypatch.setattr(runtime, "encode_tokens", lambda tokens: gate.wait(30) and original(tokens))
    with Running(service) as server, concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{server.url}/v1/search", json={"query": "pump"}, timeout=60)
        until(lambda: service.models["tiny"].engine.waiting)
        second = server.http.post("/v1/search", json={"query": "valve"})
        words = server.http.post("/v1/search", json={"query": "valve", "mode": "lexical"})
        gate.set()
    assert (second.status_code, words.status_code, first.result().status_code) == (429, 200, 200)
    assert int(second.headers["retry-after-ms"]) > 0


def test_searches_beyond_those_that_may_wait_are_429(searched, searching_service, monkeypatch):
    stored, gate = searching_service.stored, threading.Event()
    monkeypatch.setattr("idiolect.server.stored.WAITING", 1 - THREADS)
    original = stored.bind
    monkeypatch.setattr(stored, "bind", lambda models: gate.wait(30) and original(models))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{searched.url}/v1/search", json={"query": "pump"}, timeout=60)
        until(lambda: stored._waiting)
        second = searched.http.post("/v1/search", json={"query": "valve"})
        gate.set()
    assert (second.status_code, first.result().status_code) == (429, 200)
    assert second.headers["retry-after"] == "1"


def test_a_bridge_lets_another_model_search_until_its_own_vectors_are_there(own, other_bundle_path, alone):
    folder, documents = own
    with pytest.raises(StoreError, match="model_digest"):
        alone(other_bundle_path, store=str(folder))
    held, manifest = open_store(str(folder)), Bundle.load(other_bundle_path).manifest
    told = held.indexed()
    matrix = np.eye(told.dimension, dtype=np.float32).tobytes()
    held.lay(
        Bridge(
            new=manifest.model_digest,
            old=told.model_digest,
            dimension=told.dimension,
            matrix=matrix,
            recall=0.9,
            pairs=99,
        )
    )
    service = alone(other_bundle_path, store=str(folder))
    with Running(service) as running:
        assert running.http.post("/v1/search", json={"query": QUERY}).json()["hits"]
        command("index", other_bundle_path, documents, "--store", folder, "-q")
        assert held.bridge() is None
        fresh = open_searcher(str(folder)).search(QUERY, 3, "dense")
        asked = {"query": QUERY, "top": 3, "mode": "dense"}
        until(
            lambda: (
                [hit["chunk_id"] for hit in running.http.post("/v1/search", json=asked).json()["hits"]]
                == [hit.chunk_id for hit in fresh]
            )
        )
