"""The example of governance, told from beginning to end on OpenTelemetry's documents, with a small base."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_model import save_shallow_model

ROOT = Path(__file__).parents[1]
DOCS = ROOT.parent / "shared" / "data" / "opentelemetry" / "content" / "en" / "docs" / "concepts"
SETTINGS = (
    "generate.max_queries=400",
    "train.adapter=linear",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "prepare.dev_corpus=100",
    "export.formats=[]",
)


def test_the_story_is_told_to_its_end(tmp_path):
    if not DOCS.is_dir():
        pytest.skip("needs ../shared/data/opentelemetry: OpenTelemetry's documentation beside the project")
    base = save_shallow_model(tmp_path / "base", layers=1)
    settings = [part for one in (f"train.base={base}", *SETTINGS) for part in ("--set", one)]
    story = [sys.executable, ROOT / "examples" / "governance" / "story.py", DOCS, tmp_path / "place"]
    done = subprocess.run([*map(str, story), *settings], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert "(of 8 planted values, 0 in the files of" in told
    assert "<email:" in told and "<phone:" in told, "the rota is found, with pseudonyms"
    assert "telemetry@2 is champion now, after telemetry@1" in told
    assert "dataset train" in told and "bundle work" in told, (
        "her notes shaped what was trained on, and the bundle"
    )
    assert told.count("(of 12 traces of her notes, 0 in the files of") == 2
    assert "No longer to be promoted: telemetry@2" in told
    assert "telemetry@1 is champion now, after telemetry@2" in told
    assert "telemetry@2 is not promoted" in told and "it is tainted (erasure)" in told
    assert told.count("all as written") == 2
