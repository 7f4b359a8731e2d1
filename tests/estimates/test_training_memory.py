"""What training is said to take, against the peak of a real one in a process of its own."""

import os
import re
import subprocess
import sys

import pytest
from builders import a_chunk, written
from mixed_files import Village
from prepared_work import prepared
from tiny_model import save_shallow_model

from idiolect.config import load
from idiolect.estimates.estimate import estimate
from idiolect.workspace import Workspace

ABOVE, BELOW = 1.6, 1.2
"""How far an estimate may lie above what is measured, or below: memory grows over the first ten steps, here are six."""

TOLD_AT_ITS_END = """
import atexit
from pathlib import Path
from idiolect.cli import main

atexit.register(lambda: print(Path("/proc/self/status").read_text()))
main()
"""
"""The command, telling its own peak: `ru_maxrss` of a process begins at the peak of the one that started it."""

LLM = ("generate.teacher=llm", "generate.base_url=http://127.0.0.1:9/v1", "generate.model=none")
TRAINED = ("train.batch_size=64", "train.epochs=3", "prepare.dev_corpus=50", "prepare.negatives=4")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_shallow_model(tmp_path_factory.mktemp("base") / "shallow", 3)


@pytest.fixture(scope="module")
def work(base, tmp_path_factory):
    """Some steps of examples over chunks of different lengths, many of them longer than training reads."""
    village = Village(3)
    chunks = [a_chunk(f"d{n}#0", village.paragraph(4 + n % 8)) for n in range(240)]
    queries = [written(village.sentence(), chunk.id) for chunk in chunks[:180]]
    context, counts, _ = prepared(tmp_path_factory.mktemp("work"), base, chunks, queries, *TRAINED)
    assert 64 < counts["train"] <= 128, "two steps an epoch"
    return context.workspace.root


def peak(work, *settings):
    """MB of the process at its highest, as the system counts them."""
    given = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-c", TOLD_AT_ITS_END, "train", "-w", str(work), "-q", *given]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"VmHWM:\s+(\d+) kB", ended.stdout)[1]) * 1024 / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other units")
def test_the_estimate_is_near_what_a_training_takes(work, base):
    told, real = {}, {}
    for setting in ("train.micro_batch=0", "train.micro_batch=8"):
        settings = (f"train.base={base}", *LLM, *TRAINED, setting)
        (row,) = estimate(Workspace(work), load(None, settings), None, ["train"])
        told[setting], real[setting] = row.memory_mb, peak(work, *settings)
    for setting, found in real.items():
        assert found / BELOW < told[setting] < found * ABOVE, (told, real)
    for at_once, cached in (told.values(), real.values()):
        assert cached < 0.85 * at_once
