"""The example of a refresh, told from beginning to end on OpenTelemetry's documents, with a small base."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_model import save_shallow_model

ROOT = Path(__file__).parents[1]
DOCS = ROOT.parent / "shared" / "data" / "opentelemetry" / "content" / "en" / "docs"
PARTS = {"a": "concepts", "b": "compatibility", "c": "platforms/kubernetes", "d": "zero-code/python"}
"""Folders of these documents, in the order in which they come in."""
SETTINGS = (
    "generate.max_queries=300",
    "train.adapter=linear",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "prepare.dev_corpus=100",
    'export.formats=["openvino"]',
    "drift.smallest=20",
    "drift.permutations=199",
    "ingest.workers=1",
)


def test_the_story_is_told_to_its_end(tmp_path):
    if not DOCS.is_dir():
        pytest.skip("needs ../shared/data/opentelemetry: OpenTelemetry's documentation beside the project")
    for name, part in PARTS.items():
        shutil.copytree(DOCS / part, tmp_path / "docs" / name)
    base = save_shallow_model(tmp_path / "base", layers=1)
    settings = [part for one in (f"train.base={base}", *SETTINGS) for part in ("--set", one)]
    script = ROOT / "examples" / "refresh" / "story.py"
    story = [sys.executable, script, tmp_path / "docs", tmp_path / "place", "--questions", "26"]
    done = subprocess.run([*map(str, story), *settings], capture_output=True, text=True, timeout=560)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert told.count("simulated people ask 26 questions: 78 searches") == 5
    assert "Cleaning leaves nothing out." in told, "they behave as people do"
    assert "Drift: later windows are held against the queries of this one." in told
    assert "Drift: alarm, 2 windows in a row differ (queries: " in told and "[exit code 4]" in told
    assert 'idiolect_drift_alarm{model="work"} 1' in told
    assert "learnt queries train" in told and "New since telemetry@1: documents and feedback" in told
    assert "documents 21 new" in told and "Tested: fresh test" in told
    assert "Won:" not in told and "What has grown:" not in told, "no document is quoted"
    if "telemetry@2 is champion now, after telemetry@1" in told:
        assert "since the promotion" in told and "searches are answered with tuned weights" in told
    else:
        assert "telemetry@1 stays champion, telemetry@2 is published beside it: " in told
        assert "as before: no other version is champion" in told
