"""One run holds WORK; the next one puts right what a killed one left."""

import re
import signal
import subprocess
import sys

import pytest

from idiolect.errors import WorkspaceError
from idiolect.files import write_text
from idiolect.workspace import Workspace

HOLDING = """
import sys
from pathlib import Path
from idiolect.workspace import Workspace

with Workspace(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def work(tmp_path):
    return Workspace(tmp_path / "work")


@pytest.fixture
def holder(work):
    """Another process that holds WORK."""
    command = [sys.executable, "-c", HOLDING, str(work.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_run_is_told_who_holds_work_and_since_when(work, holder):
    with pytest.raises(WorkspaceError) as refused, work.held():
        pass
    said = re.fullmatch(
        r"another idiolect run holds (.+) \(process (\d+) since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\): "
        r"wait for it, or give another folder with -w",
        str(refused.value),
    )
    assert said[1] == str(work.root)
    assert int(said[2]) == holder.pid


def test_being_refused_twice_is_told_the_same(work, holder):
    """Who asks does not wipe out the name of who holds."""
    for _ in range(2):
        with pytest.raises(WorkspaceError, match=f"process {holder.pid} since"), work.held():
            pass


def test_the_lock_of_a_killed_run_is_taken_over(work, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert str(holder.pid) in (work.root / ".lock").read_text()
    with work.held():
        assert str(holder.pid) not in (work.root / ".lock").read_text()


def test_what_a_killed_run_left_is_put_right(work):
    write_text(work.root / ".documents.jsonl.7.part", "half")
    write_text(work.root / ".model.7.part" / "weights", "half")
    write_text(work.root / ".bundle.7.old" / "manifest.json", "the one before")
    write_text(work.dev_sets / ".masked.7.part" / "corpus.jsonl", "half")
    write_text(work.manifests / ".train.json.7.part", "half")
    write_text(work.checkpoints / ".checkpoint-4.7.gone" / "optimizer.pt", "half")
    write_text(work.cache / "deep" / ".kept.7.part", "half")
    write_text(work.cache / "deep" / "kept", "whole")
    with work.held():
        left = {path.relative_to(work.root).as_posix() for path in work.root.rglob("*") if path.is_file()}
    assert left == {".lock", "bundle/manifest.json", "cache/deep/kept"}
