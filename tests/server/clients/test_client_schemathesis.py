"""The server keeps to its own OpenAPI, as schemathesis sees it: requests of every shape, right and wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from serving_fixture import Running

from idiolect.config import Feedback, Privacy, Serve
from idiolect.lifecycle.feedback.keeping import Keeper
from idiolect.server.service import Service
from idiolect.workspace import Workspace

pytest.importorskip("schemathesis")

KEY = "the-key"

CASES = 40
"""Of each route and phase; the whole run is seeded and takes about 15 seconds."""

# Names and dimensions that are served, lest every right request ends at "no such model".
CONFIG = """
[parameters]
"path.name" = { dictionary = "models", probability = 0.8 }
"body.model" = { dictionary = "models", probability = 0.9 }
"body.dimensions" = { dictionary = "dimensions", probability = 1.0 }

[dictionaries.models]
values = ["tiny"]

[dictionaries.dimensions]
values = [64, 32, 16]
"""


@pytest.fixture
def server(bundle_path, store, tmp_path):
    (tmp_path / "keys").write_text(KEY)
    keeper = Keeper(Workspace(tmp_path / "work"), Feedback(consent="given"), Privacy())
    service = Service([bundle_path], config=Serve(store=str(store)), keeper=keeper)
    service.load()
    with Running(service, tmp_path / "keys") as running:
        yield running
    service.close()


def answered(server):
    """How many requests have got vectors, how many hits, and how many had their events looked at, so far."""
    routes = ("/v1/embeddings", "/v1/search", "/v1/feedback")
    return [server.count(f'requests_total{{route="{route}",status="200"}}') for route in routes]


@pytest.mark.timeout(180)
def test_answers_are_as_described(server, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    before = answered(server)
    command = [str(Path(sys.executable).with_name("st")), "run", f"{server.url}/openapi.json"]
    command += ["--generation-deterministic", "--max-examples", str(CASES), "--no-color"]
    command += ["--header", f"Authorization: Bearer {KEY}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    right = [after - one for after, one in zip(answered(server), before, strict=True)]
    assert min(right) > 10, f"schemathesis sent hardly a right request: {right}"
