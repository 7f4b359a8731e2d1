"""A real server on the loopback interface over a real bundle of a tiny model."""

import threading

import pytest
from indexed_manuals import command
from serving_fixture import Running
from small_corpus import write_small_corpus
from tiny_bundle import write_graph_bundle

from idiolect.config import Serve
from idiolect.server.service import Service


@pytest.fixture(scope="session")
def other_bundle_path(tmp_path_factory):
    """Another model of the same name."""
    return write_graph_bundle(tmp_path_factory.mktemp("other"), seed=1)


@pytest.fixture
def link(tmp_path, bundle_path):
    """What is served: a link, which may be moved to another bundle."""
    link = tmp_path / "current"
    link.symlink_to(bundle_path)
    return link


@pytest.fixture
def alone(bundle_path):
    """Makes services of one test's own, and closes them."""
    services = []

    def make(*paths, **settings):
        service = Service(list(paths) or [bundle_path], config=Serve(**settings))
        services.append(service)
        service.load()
        return service

    yield make
    for service in services:
        service.close()


@pytest.fixture(scope="session")
def service(bundle_path):
    service = Service([bundle_path], config=Serve(max_batch_tokens=512, cache_mb=0))
    service.load()
    return service


@pytest.fixture(scope="session")
def server(service):
    with Running(service) as running:
        yield running


@pytest.fixture(scope="session")
def store(bundle_path, tmp_path_factory):
    """The small corpus, indexed with the bundle that is served."""
    folder = tmp_path_factory.mktemp("stored")
    command("index", bundle_path, write_small_corpus(folder / "documents"), "--store", folder / "store", "-q")
    return folder / "store"


@pytest.fixture(scope="session")
def searching_service(bundle_path, store):
    """The service with that store."""
    service = Service([bundle_path], config=Serve(store=str(store)))
    service.load()
    yield service
    service.close()


@pytest.fixture(scope="session")
def searched(searching_service):
    with Running(searching_service) as running:
        yield running


@pytest.fixture
def gate(monkeypatch, service):
    """Holds the engine's forward passes back until it is set."""
    runtime = service.models["tiny"].runtime
    event = threading.Event()
    original = runtime.encode_tokens

    def waiting(tokens, on_batch=None):
        assert event.wait(30)
        return original(tokens, on_batch)

    monkeypatch.setattr(runtime, "encode_tokens", waiting)
    yield event
    event.set()
