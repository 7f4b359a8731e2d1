"""`kill -9` in the midst of every stage: the same command, given again, ends with the same files."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_model
from small_corpus import MACHINES, sections, write_small_corpus
from teachers.chat_server import ChatServer, about

from idiolect.files import digest_text, tree_digests

SETTINGS = (
    "generate.max_queries=200",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "prepare.dev_fraction=0.2",
    "prepare.dev_corpus=50",
    "train.batch_size=8",
    "train.epochs=6",
    "train.learning_rate=1e-3",
    "train.dimensions=[64, 32]",
)
TIMES = (
    "manifests/",
    "audit.",
    ".lock",
    "lineage.db",
    "bundle/README.md",
    "bundle/bom.cdx.json",
    "privacy.key",
)
"""What differs between two runs that agree: it says when they ran, or is drawn anew."""

TOLD = {
    "bundle/manifest.json": r'\{[^{}]*"path": ?"(README\.md|bom\.cdx\.json)"[^{}]*\}',
    "idiolect.lock.json": r'"bundle": ?"\w+"',
}
"""What in a file tells digests of those."""

Moment = Callable[[subprocess.Popen, Path], None]
"""Waits until a running command is where it shall be killed."""


class Command:
    """One command line over one corpus, to be given again and again with other WORKs."""

    def __init__(self, docs: Path, *options: str) -> None:
        self.docs, self.options = docs, options
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # more threads add in varying order

    def start(self, work: Path) -> subprocess.Popen:
        command = [sys.executable, "-m", "idiolect", "run", str(self.docs), "-w", str(work), *self.options]
        return subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            start_new_session=True,
        )

    def finish(self, work: Path) -> str:
        """Run to the end; what was said on stderr."""
        with self.start(work) as process:
            said = process.stderr.read()
        assert process.returncode in (0, 3), said
        return said

    def kill(self, work: Path, stage: str, moment: Moment) -> None:
        """Kill the command, and every process that it started, in `stage`; try anew where it was over already."""
        before = work.with_name("before")
        work.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            shutil.rmtree(before, ignore_errors=True)
            shutil.copytree(work, before)
            with self.start(work) as process:
                try:
                    moment(process, work)
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            assert process.returncode == -signal.SIGKILL
            if stage not in done(work):
                return
            shutil.rmtree(work)
            before.rename(work)
        raise AssertionError(f"{stage} was over before every kill")


def done(work: Path) -> set[str]:
    """The stages that WORK holds the results of."""
    path = work / "idiolect.lock.json"
    locks = json.loads(path.read_text()) if path.exists() else {}
    return {stage for stage, lock in locks.items() if "outputs" in lock}


def said(*patterns: str, delay: float = 0.0) -> Moment:
    """So many seconds after the last of these lines on stderr, in their order."""

    def wait(process: subprocess.Popen, work: Path) -> None:
        lines, waiting = [], list(patterns)
        for line in process.stderr:
            lines.append(line)
            if re.search(waiting[0], line):
                waiting.pop(0)
            if not waiting:
                time.sleep(delay)
                return
        raise AssertionError(f"{waiting[0]!r} was never said: {''.join(lines)}")

    return wait


def after_checkpoints(count: int) -> Moment:
    """When training has written so many checkpoints, the removed ones included."""

    def wait(process: subprocess.Popen, work: Path) -> None:
        seen: set[Path] = set()
        said(r"\[4/6\] train \(")(process, work)
        while len(seen) < count:
            assert process.poll() is None, process.stderr.read()
            seen |= set(work.glob("checkpoints/checkpoint-*/trainer_state.json"))
            time.sleep(0.01)

    return wait


def artefacts(work: Path) -> dict[str, str]:
    """Path → digest of everything in WORK but caches and what holds times."""
    found = {
        name: digest for name, digest in tree_digests(work).items() if not name.startswith((*TIMES, "cache/"))
    }
    for name, digest in TOLD.items():
        if name in found:
            found[name] = digest_text(re.sub(digest, "", (work / name).read_text()))
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A tiny model that knows the words of the small corpus, so that its chunks hold whole sections."""
    texts = [
        f"manual of the {name} {heading} {text}"
        for number, name in enumerate(MACHINES)
        for heading, text in sections(name, number)
    ]
    words = re.findall("[a-z]+", " ".join(texts).lower())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_model, "WORDS", f"{tiny_model.WORDS} {' '.join(words)}")
        patch.setattr(tiny_model, "MAX_TOKENS", 64)
        return tiny_model.save_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_small_corpus(tmp_path_factory.mktemp("waterworks") / "docs")


@pytest.fixture(scope="module")
def command(docs, base):
    options = [part for setting in (*SETTINGS, f"train.base={base}") for part in ("--set", setting)]
    return Command(docs, *options)


@pytest.fixture(scope="module")
def uninterrupted(command, tmp_path_factory):
    work = tmp_path_factory.mktemp("uninterrupted") / "work"
    command.finish(work)
    return work


def test_killed_in_every_stage_it_ends_with_the_same_files(command, uninterrupted, tmp_path):
    work = tmp_path / "work"
    command.kill(work, "ingest", said(r"\[1/6\] ingest \(", delay=0.5))
    command.kill(work, "generate", said(r"\[2/6\] generate \("))
    command.kill(work, "prepare", said(r"mining train: "))
    command.kill(work, "train", after_checkpoints(3))
    command.kill(work, "train", said(r"continuing from step [1-9]\d* of \d+", delay=0.3))
    command.kill(work, "train", said(r"^ *training: \d+ steps"))
    command.kill(work, "evaluate", said("training had ended after step", r"\[5/6\] evaluate \("))
    command.kill(work, "export", said(r"export graphs and compare them with torch: 3 graphs"))
    last = command.finish(work)

    assert re.findall(r"\] (\w+): up to date", last) == ["ingest", "generate", "prepare", "train", "evaluate"]
    assert artefacts(work) == artefacts(uninterrupted)
    selection = json.loads((work / "selection.json").read_text())
    assert selection["share"] > 0, "the tuned weights are other than the base's"
    assert list((work / "checkpoints").glob("*")) == []
    assert [path.name for path in work.rglob(".*") if path.name != ".lock"] == []


@pytest.mark.parametrize("stage", ["prepare"])
def test_killed_at_the_very_end_of_a_stage(command, uninterrupted, tmp_path, stage):
    """All its files are there, and the one that says so is not."""
    work = tmp_path / "work"
    shutil.copytree(uninterrupted, work)
    locks = json.loads((work / "idiolect.lock.json").read_text())
    del locks[stage]
    (work / "idiolect.lock.json").write_text(json.dumps(locks))
    again = Command(command.docs, *command.options, "--to", stage)
    again.finish(work)
    before, after = artefacts(uninterrupted), artefacts(work)
    del before["idiolect.lock.json"], after["idiolect.lock.json"]  # its entries stand in another order
    assert after == before


def test_answers_that_were_paid_for_are_not_asked_for_again(docs, base, tmp_path):
    """Killed in mid-generation, only the calls in flight are made again."""
    concurrency = 3

    def slow(number, request):
        time.sleep(0.05)
        return about(request)

    chat = ChatServer(slow)
    try:
        settings = (
            f"train.base={base}",
            f"generate.base_url={chat.url}",
            "generate.model=m",
            f"generate.concurrency={concurrency}",
        )
        options = [part for setting in settings for part in ("--set", setting)]
        generating = Command(docs, *options, "--to", "generate")

        def asked(count: int) -> Moment:
            def wait(process: subprocess.Popen, work: Path) -> None:
                while len(chat.requests) < count:
                    assert process.poll() is None, process.stderr.read()
                    time.sleep(0.005)

            return wait

        work = tmp_path / "killed" / "work"
        generating.kill(work, "generate", asked(20))
        first = len(chat.requests)
        generating.kill(work, "generate", asked(first + 20))
        generating.finish(work)
        counts = Counter(json.dumps(request, sort_keys=True) for request in chat.requests)
        distinct = len(counts)
        assert distinct > 60
        assert len(chat.requests) - distinct <= 2 * concurrency

        chat.requests.clear()
        whole = tmp_path / "whole" / "work"
        generating.finish(whole)
        assert len(chat.requests) == distinct
        assert artefacts(work) == artefacts(whole)
    finally:
        chat.stop()
