"""The server keeps to its own OpenAPI, as schemathesis sees it: requests of every shape, right and wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def embedded(server):
    """How many requests have got vectors so far."""
    found = re.search(
        r'idiolect_requests_total\{route="/v1/embeddings",status="200"\} (\S+)',
        server.http.get("/metrics").text,
    )
    return float(found[1]) if found else 0.0


@pytest.mark.timeout(180)
def test_answers_are_as_described(guarded, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    before = embedded(guarded)
    command = [str(Path(sys.executable).with_name("st")), "run", f"{guarded.url}/openapi.json"]
    command += ["--generation-deterministic", "--max-examples", str(CASES), "--no-color"]
    command += ["--header", f"Authorization: Bearer {KEY}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert embedded(guarded) - before > 10, "schemathesis sent no right requests"
