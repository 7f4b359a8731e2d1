"""A real server on the loopback interface over a real bundle of a tiny model."""

import threading

import pytest
from serving_fixture import Running
from tiny_bundle import write_tiny_bundle
from tiny_model import save_tiny_model

from idiolect.config import Serve
from idiolect.files import write_json
from idiolect.runtimes.golden import golden
from idiolect.runtimes.graph import export_onnx
from idiolect.runtimes.layout import GOLDEN, GRAPHS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.opening import open_graph
from idiolect.runtimes.packed_graph import export_openvino
from idiolect.server.service import Service


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory):
    return _bundle(tmp_path_factory.mktemp("served"), seed=0)


@pytest.fixture(scope="session")
def other_bundle_path(tmp_path_factory):
    """Another model of the same name."""
    return _bundle(tmp_path_factory.mktemp("other"), seed=1)


def _bundle(root, seed):
    files = describe(save_tiny_model(root / "tiny", seed))

    def fill(draft):
        export_onnx(files, draft / GRAPHS["onnx"])
        export_openvino(files, draft / GRAPHS["openvino"], lambda: draft / GRAPHS["onnx"])
        write_json(draft / GOLDEN, golden(open_graph(draft, files, "openvino")))
        return {}

    return write_tiny_bundle(root / "bundle", files, fill)


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
