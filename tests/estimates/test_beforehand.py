"""A run that would not fit into memory is refused before it begins, and says what fits."""

import json
import re
import shutil

import pytest
from click.testing import CliRunner
from mixed_files import write_broken
from small_corpus import chunks_of, write_small_corpus

from idiolect import pipeline
from idiolect.cli import idiolect, main
from idiolect.config import load
from idiolect.errors import MemoryShortage
from idiolect.estimates.beforehand import require_memory
from idiolect.estimates.estimate import estimate
from idiolect.estimates.machine import Machine
from idiolect.files import tree_digests, write_jsonl
from idiolect.workspace import Workspace

ENOUGH, LITTLE, NOTHING = 100_000.0, 2_000.0, 100.0
"""MB free for the default base over the small corpus, of which a batch holds all chunks."""


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    """Manuals, and files that cannot be read."""
    folder = write_small_corpus(tmp_path_factory.mktemp("corpus") / "docs")
    write_broken(folder / "broken")
    return folder


@pytest.fixture
def counted(tmp_path):
    """A WORK in which ingest has run."""
    work = Workspace(tmp_path / "counted")
    write_jsonl(work.chunks, chunks_of())
    return work


@pytest.fixture
def deep_model(tiny_model, tmp_path):
    """A base that says it has a million layers."""
    path = tmp_path / "deep"
    shutil.copytree(tiny_model, path)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 10**6}))
    return path


def required(work, docs, free_mb, *settings, stages=pipeline.NAMES):
    require_memory(work, load(None, settings), docs, stages, Machine(free_mb=free_mb))


def test_enough_memory_says_nothing_and_reads_nothing(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "no.pdf").write_bytes(b"this would break a reader")
    required(Workspace(tmp_path / "work"), tmp_path / "docs", ENOUGH)
    assert not (tmp_path / "work").exists()


def test_too_little_is_refused_with_settings_that_are_then_accepted(docs, tmp_path):
    work = Workspace(tmp_path / "work")
    before = tree_digests(tmp_path)
    with pytest.raises(MemoryShortage) as error:
        required(work, docs, LITTLE)
    said = str(error.value)
    assert re.search(
        r"^train takes about 2\.\d GB of memory, and 2\.0 GB are free: set train\.micro_batch=16 ", said
    )
    for setting in re.findall(r"[a-z]+\.[a-z_]+=[\w.]+", said):
        required(work, docs, LITTLE, setting)
    assert tree_digests(tmp_path) == before


def test_chunks_that_ingest_has_counted_are_looked_at_where_they_lie(counted):
    required(counted, None, ENOUGH, stages=("train",))
    with pytest.raises(MemoryShortage, match=r"train\.micro_batch=16"):
        required(counted, None, LITTLE, stages=("train", "evaluate"))
    with pytest.raises(MemoryShortage, match=r"no setting makes it fit: .*--ignore-memory"):
        required(counted, None, NOTHING, stages=("train",))


def test_what_nobody_knows_is_not_refused(counted, tmp_path):
    required(Workspace(tmp_path / "empty"), None, NOTHING, stages=("train",))
    required(counted, None, None, stages=("train",))
    endpoint = ('train.base="http://127.0.0.1:9/v1#m"', "train.adapter=linear")
    required(counted, None, NOTHING, *endpoint, stages=("train",))


def test_the_pipeline_asks_once_before_the_first_stage_that_runs(counted, tiny_model):
    from idiolect.stages.context import Context

    asked = []
    context = Context(counted, load(None, [f"train.base={tiny_model}"]))

    def refuse(stages):
        asked.append(list(stages))
        raise MemoryShortage("no")

    with pytest.raises(MemoryShortage):
        pipeline.run(context, pipeline.between("generate", None), refuse)
    assert asked == [["generate", "prepare", "train", "evaluate", "export"]]
    assert not counted.stage_lock.exists() and not counted.queries.exists()


def test_the_command_stops_with_one_line_unless_it_is_told_to_go_ahead(counted, deep_model, capsys):
    given = ["train", "-w", str(counted.root), "--set", f"train.base={deep_model}"]
    with pytest.raises(SystemExit) as refused:
        main(given)
    error = capsys.readouterr().err
    assert refused.value.code == 1
    assert (
        "error: train takes about" in error
        and "no setting makes it fit" in error
        and "Traceback" not in error
    )
    with pytest.raises(SystemExit):
        main([*given, "--ignore-memory"])
    assert "run `idiolect prepare" in capsys.readouterr().err, "what it lacks next"


def test_a_dry_run_says_the_same(counted, tiny_model, one_thread):
    base = f"train.base={tiny_model}"
    (row,) = estimate(counted, load(None, [base]), None, ["train"], Machine(free_mb=NOTHING))
    with pytest.raises(MemoryShortage) as error:
        required(counted, None, NOTHING, base, stages=("train",))
    assert str(error.value).startswith(row.basis[-1])
    given = ["train", "-w", str(counted.root), "--dry-run", "-q", "--set", base]
    shown = CliRunner().invoke(idiolect, given, catch_exceptions=False).stdout
    assert re.search(r"- train takes about 0\.\d GB of memory, and [\d.]+ GB are free\n", shown)
