"""Other people's clients, unmodified, at a server that asks for a key; none of them may call anywhere else."""

import os
import socket

import numpy as np
import pytest
from documented import python_block, run_block
from serving_fixture import Running

os.environ.update(
    HAYSTACK_TELEMETRY_ENABLED="False",
    LANGCHAIN_TRACING_V2="false",
    LANGSMITH_TRACING="false",
    NVIDIA_USAGE_TELEMETRY_ENABLED="false",
    DO_NOT_TRACK="1",
)

KEY = "the-key"
PASSAGES = ["Keys are rotated every month.", "The pump stops when the tank is full."]
QUERY = "how do I rotate the keys?"


@pytest.fixture(scope="session")
def guarded(service, tmp_path_factory):
    """The server with a key."""
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text(f"{KEY}\n")
    with Running(service, keys) as running:
        running.base_url = f"{running.url}/v1"
        yield running


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch):
    """Refuses connections to other machines, and fails the test that tried, in whatever thread."""
    tried = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def connecting(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            tried.append(address)
            raise ConnectionRefusedError(f"a test may not connect to {address}")
        return connect(self, address)

    def resolving(host, *arguments, **options):
        if host not in ("127.0.0.1", "::1", "localhost", None, b"127.0.0.1"):
            tried.append(host)
            raise socket.gaierror(f"a test may not look up {host}")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    yield
    assert tried == []


@pytest.fixture(scope="session")
def documented(guarded):
    """Runs a block of docs/clients.md at the server; what it then holds."""

    def run(heading):
        code = python_block("docs/clients.md", heading)
        return run_block(
            code,
            **{"http://127.0.0.1:8000/v1": guarded.base_url, '"none"': f'"{KEY}"', "my-documents": "tiny"},
        )

    return run


@pytest.fixture(scope="session")
def same(service):
    """Asserts that vectors are the runtime's own of these texts and this kind, in their order."""
    runtime = service.models["tiny"].runtime

    def check(vectors, texts, kind):
        expected = runtime.encode(texts, kind)
        given = np.array(vectors, dtype=np.float32)
        assert given.shape == expected.shape
        np.testing.assert_allclose(np.linalg.norm(given, axis=1), 1, atol=1e-4)
        assert np.sum(given * expected, axis=1).min() > 0.9999

    other = runtime.encode([QUERY], "passage")[0] @ runtime.encode([QUERY], "query")[0]
    assert other < 0.9999, "the kinds are alike: the check could not tell them apart"
    return check


@pytest.fixture
def as_documented(documented, same):
    """Runs a block and checks its `passages` and `query`."""

    def check(heading):
        names = documented(heading)
        same(names["passages"], PASSAGES, "passage")
        same([names["query"]], [QUERY], "query")
        return names

    return check


@pytest.fixture(scope="session")
def long_list():
    """More texts than any of the clients sends in one request."""
    return [f"a valve of {number} bar" for number in range(1100)]
