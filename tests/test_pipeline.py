"""A run does what is stale and nothing else, and says why.

The table is the real one; most tests put a quick stand-in in place of what each stage computes.
"""

import json
import subprocess
import sys

import pytest
from builders import Listening
from tiny_model import save_tiny_model

from idiolect import pipeline
from idiolect.config import load
from idiolect.errors import UsageError, WorkspaceError
from idiolect.files import digest_path, digest_value, tree_digests, write_json, write_text
from idiolect.pipeline import NAMES, STAGES, between, plan
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

FOLDERS = ("dev_sets", "test", "model", "bundle")


@pytest.fixture
def docs(tmp_path):
    write_text(tmp_path / "docs" / "pump.md", "# Pump\n\nThe pump stops when the tank is full.\n")
    return tmp_path / "docs"


@pytest.fixture
def ran(monkeypatch):
    """Stages that write digests of what they read and of the seed; the list of those that ran."""
    names = []

    def stand_in(stage):
        def run(context):
            names.append(stage.name)
            read = {name: digest_path(getattr(context.workspace, name)) for name in stage.reads}
            source = digest_path(context.source) if stage.name == "ingest" else ""
            for name in stage.writes:
                path = getattr(context.workspace, name)
                target = path / "data" if name in FOLDERS else path
                write_text(target, digest_value([name, read, source, context.config.seed]))
            return {"counted": len(read)}

        return run

    for stage in STAGES:
        monkeypatch.setattr(f"idiolect.stages.{stage.name}.run", stand_in(stage))
    return names


@pytest.fixture
def context(docs, tmp_path, tiny_model):
    """A context over one WORK with any settings."""

    def make(*settings, source=docs, progress=None):
        config = load(None, [f"train.base={tiny_model}", *settings])
        return Context(Workspace(tmp_path / "work"), config, progress or Listening(), source)

    return make


def run(context, first=None, last=None):
    return {done.stage: done.reason for done in pipeline.run(context, between(first, last))}


def reasons(done):
    return {stage: reason for stage, reason in done.items() if reason}


def test_the_first_run_runs_all_and_the_second_nothing(ran, context):
    assert set(run(context()).values()) == {"first run"}
    assert ran == list(NAMES)
    again = context()
    assert reasons(run(again)) == {}
    assert ran == list(NAMES)
    assert again.progress.notes == [
        f"[{number}/{len(NAMES)}] {name}: up to date" for number, name in enumerate(NAMES, 1)
    ]


@pytest.mark.parametrize(
    ("setting", "first", "reason"),
    [
        ("ingest.chunk_tokens=64", "ingest", "changed: ingest.chunk_tokens"),
        ("generate.max_queries=9", "generate", "changed: generate.max_queries"),
        ("prepare.negatives=2", "prepare", "changed: prepare.negatives"),
        ("train.learning_rate=1e-5", "train", "changed: train.learning_rate"),
        ("train.epochs=2", "train", "changed: train.epochs"),
        ("evaluate.metric=mrr@10", "evaluate", "changed: evaluate.metric"),
        ("export.formats=['onnx']", "export", "changed: export.formats"),
    ],
)
def test_a_changed_setting_is_named_and_wakes_its_stage_first(ran, context, setting, first, reason):
    run(context())
    done = reasons(run(context(setting)))
    assert next(iter(done)) == first
    assert done[first] == reason


def test_two_changed_settings_are_both_named(ran, context):
    run(context())
    done = run(context("train.epochs=2", "train.batch_size=8"))
    assert done["train"] == "changed: train.batch_size, train.epochs"


@pytest.mark.parametrize(
    "setting",
    [
        "generate.concurrency=2",
        "generate.timeout=5",
        "generate.api_key_env=KEY",
        "serve.port=1",
        "serve.host=x",
    ],
)
def test_settings_that_change_no_result_wake_nothing(ran, context, setting):
    run(context())
    assert reasons(run(context(setting))) == {}


def test_a_stage_whose_outputs_come_out_the_same_wakes_none_after_it(ran, context):
    run(context())
    assert reasons(run(context("prepare.negatives=2"))) == {"prepare": "changed: prepare.negatives"}


def test_a_changed_document_wakes_what_depends_on_it(ran, context, docs):
    run(context())
    write_text(docs / "pump.md", "# Pump\n\nIt starts again at night.\n")
    done = run(context())
    assert done["ingest"] == "changed: DOCS"
    assert done["generate"] == "changed: chunks, documents"
    assert done["prepare"] == "changed: chunks, documents, negatives, queries"
    assert all(done.values())


def test_a_touched_document_wakes_nothing(ran, context, docs):
    run(context())
    (docs / "pump.md").touch()
    assert reasons(run(context())) == {}


def test_another_base_model_is_named(ran, context, tmp_path):
    run(context())
    other = save_tiny_model(tmp_path / "other", seed=5)
    assert run(context(f"train.base={other}"))["ingest"] == "changed: train.base"


def test_weights_changed_under_the_same_name_are_noticed(ran, context, tmp_path):
    path = save_tiny_model(tmp_path / "mine", seed=5)
    run(context(f"train.base={path}"))
    next(path.rglob("*.safetensors")).write_bytes(b"other weights")
    assert run(context(f"train.base={path}"))["prepare"] == "changed: base model"


def test_an_output_that_was_altered_or_lost_is_made_again(ran, context):
    first = context()
    run(first)
    work = first.workspace
    before = tree_digests(work.root)
    with work.train.open("a") as file:
        file.write("edited by hand")
    (work.bundle / "data").unlink()
    done = reasons(run(context()))
    assert done == {
        "prepare": "altered or missing: train.jsonl",
        "export": "altered or missing: bundle",
    }
    kept = {
        name: digest
        for name, digest in tree_digests(work.root).items()
        if not name.startswith(("manifests", "audit."))
    }
    assert kept == {name: digest for name, digest in before.items() if name in kept}


def test_a_newer_idiolect_runs_its_changed_stages_again(ran, context):
    first = context()
    run(first)
    locks = json.loads(first.workspace.stage_lock.read_text())
    locks["train"]["version"] -= 1
    write_json(first.workspace.stage_lock, locks)
    assert reasons(run(context())) == {"train": "idiolect changed"}


@pytest.mark.parametrize(
    ("key", "woken"),
    [
        ("beir", ["evaluate"]),
        ("guard", ["train", "evaluate"]),
        ("tasks", ["evaluate"]),
        ("against", ["evaluate"]),
    ],
)
def test_what_is_evaluated_on_or_against_wakes_what_looks_at_it(ran, context, tmp_path, key, woken):
    folder = tmp_path / "given"
    write_text(folder / "corpus.jsonl", "{}")
    setting = f"evaluate.{key}=['{folder}']"
    run(context(setting))
    write_text(folder / "corpus.jsonl", "{ }")
    assert reasons(run(context(setting))) == dict.fromkeys(woken, f"changed: {folder}")


def test_labels_that_change_wake_the_stages_that_read_them(ran, context, tmp_path):
    labels, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    write_text(labels, "{}")
    write_text(qrels, "q\td\t1")
    settings = (f"prepare.queries={labels}", f"prepare.qrels={qrels}")
    run(context(*settings))
    assert reasons(run(context(*settings))) == {}
    write_text(qrels, "q\td\t2")
    assert reasons(run(context(*settings))) == dict.fromkeys(("generate", "prepare"), f"changed: {qrels}")
    assert reasons(run(context(*settings, "prepare.labels_as=dev"))) == {
        "prepare": "changed: prepare.labels_as"
    }


def test_a_round_about_failures_wakes_generate_and_its_size_alone_nothing(ran, context):
    run(context())
    assert reasons(run(context("generate.failure_queries=9"))) == {}
    write_text(context().workspace.focuses, "{}")
    assert run(context())["generate"] == "changed: focuses"
    assert reasons(run(context())) == {}


def test_a_run_that_was_stopped_goes_on_where_it_stopped(ran, context, monkeypatch):
    def killed(context):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("idiolect.stages.train.run", killed)
        with pytest.raises(KeyboardInterrupt):
            run(context())
    assert ran == ["ingest", "generate", "prepare"]
    run(context())
    assert ran == list(NAMES)


def test_the_plan_is_what_the_run_then_does_and_writes_nothing(ran, context):
    planned = {done.stage: done.reason for done in plan(context(), STAGES)}
    assert not context().workspace.root.exists()
    assert planned["ingest"] == "first run"
    assert all(planned.values())
    run(context())
    before = tree_digests(context().workspace.root)
    assert not any(done.reason for done in plan(context(), STAGES))
    planned = {done.stage: done.reason for done in plan(context("seed=5"), STAGES)}
    assert tree_digests(context().workspace.root) == before
    assert planned["ingest"] == ""
    assert planned["generate"] == "changed: seed"
    assert planned["prepare"] == "depends on queries, negatives"
    assert planned["export"].startswith("depends on ")
    assert [name for name, reason in planned.items() if reason] == list(reasons(run(context("seed=5"))))


def test_each_stage_leaves_a_manifest_that_says_what_it_came_from(ran, context):
    given = context()
    run(given)
    manifests = {one["stage"]: one for one in map(json.loads, map(read, given.workspace.manifests.iterdir()))}
    assert sorted(manifests) == sorted(NAMES)
    prepare = manifests["prepare"]
    assert prepare["inputs"]["chunks"] == digest_path(given.workspace.chunks)
    assert prepare["settings"]["prepare"]["negatives"] == 4
    assert prepare["outputs"]["train"] == digest_path(given.workspace.train)
    assert prepare["summary"] == {"counted": 6}
    assert prepare["seconds"] >= 0
    assert "concurrency" not in manifests["generate"]["settings"]["generate"]


def read(path):
    return path.read_text()


def test_the_manifest_of_an_earlier_run_stays(ran, context):
    """One manifest a stage run, however soon the next one follows."""
    given = context()
    for seed in (1, 2, 3):
        run(context(f"seed={seed}"), "ingest", "generate")
    seeds = [json.loads(read(path))["settings"].get("seed") for path in given.workspace.manifests.iterdir()]
    assert sorted(seed for seed in seeds if seed is not None) == [1, 2, 3]


def test_only_one_run_holds_work(ran, context):
    given = context()
    with given.workspace.held():
        with pytest.raises(WorkspaceError, match=f"another idiolect run holds {given.workspace.root}"):
            run(context())
        assert ran == []
    run(context())


def test_another_process_is_kept_out_until_the_first_ends(ran, context):
    given = context()
    script = (
        "import sys; from pathlib import Path; from idiolect.workspace import Workspace\n"
        "with Workspace(Path(sys.argv[1])).held():\n    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(given.workspace.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WorkspaceError, match="wait for it, or give another folder"):
            run(given)
        other.kill()
    assert set(run(context()).values()) == {"first run"}


def test_a_stage_that_fails_lets_go_of_work(ran, context, monkeypatch):
    def failing(context):
        raise WorkspaceError("chunks are missing")

    with monkeypatch.context() as patch:
        patch.setattr("idiolect.stages.ingest.run", failing)
        with pytest.raises(WorkspaceError, match="chunks are missing"):
            run(context())
    run(context())
    assert ran == list(NAMES)


def test_a_part_of_the_pipeline_can_be_asked_for(ran, context):
    run(context(), "ingest", "generate")
    assert ran == ["ingest", "generate"]
    assert [stage.name for stage in between("train", None)] == ["train", "evaluate", "export"]
    for first, last, message in (
        ("trian", None, "unknown stage 'trian': the stages are ingest, generate"),
        ("train", "ingest", "--from train comes after --to ingest"),
    ):
        with pytest.raises(UsageError, match=message):
            between(first, last)


def test_ingest_needs_docs(ran, context):
    with pytest.raises(UsageError, match="ingest needs DOCS"):
        run(context(source=None))


def test_later_stages_need_no_docs(ran, context):
    run(context())
    assert reasons(run(context(source=None), "generate")) == {}


def test_every_input_is_written_by_an_earlier_stage(tmp_path):
    written = {"focuses", "carried", "learnt_queries"}  # by other commands, between two runs
    for stage in STAGES:
        assert set(stage.reads) <= written, stage.name
        assert not set(stage.writes) & written, stage.name
        written |= set(stage.writes)
        for name in stage.writes:
            assert hasattr(Workspace(tmp_path), name), name
        for key in (*stage.settings, *stage.ignores):
            load().get(key)


def test_what_a_stage_that_did_not_finish_has_left_is_not_built_on(ran, context, monkeypatch):
    run(context())

    def fail(context):
        write_text(context.workspace.train, "half")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("idiolect.stages.prepare.run", fail)
        with pytest.raises(OSError, match="disk full"):
            run(context("prepare.margin=0.9"), "prepare")
    with pytest.raises(WorkspaceError, match=r"`idiolect prepare` did not finish .*: run it again before"):
        run(context("prepare.margin=0.9", "train.epochs=2"), "train")
    assert reasons(run(context(), "prepare", "train"))["prepare"] == "it did not finish the last time"
    assert reasons(run(context())) == {}


def test_what_a_killed_run_continues_from_is_removed_when_the_stage_is_done(ran, context):
    work = context().workspace
    write_text(work.checkpoints / "key", "k")
    write_text(work.reading / "part", "p")
    run(context())
    assert not work.checkpoints.exists() and not work.reading.exists()


TEXT = "The {0} draws water from the river. It is checked every week by the crew. A {0} is a device that moves water."


def test_the_real_ingest_and_generate_do_nothing_twice(tmp_path, tiny_model):
    """No stand-ins here: documents to queries."""
    for name in ("pump", "valve", "tank"):
        write_text(tmp_path / "docs" / f"{name}.md", f"# The {name} room\n\n" + TEXT.format(name) + "\n")
    given = Context(
        Workspace(tmp_path / "work"), load(None, [f"train.base={tiny_model}"]), source=tmp_path / "docs"
    )
    assert set(run(given, "ingest", "generate").values()) == {"first run"}
    assert given.workspace.queries.stat().st_size > 0
    before = tree_digests(given.workspace.root)
    assert reasons(run(given, "ingest", "generate")) == {}
    assert tree_digests(given.workspace.root) == before
    write_text(tmp_path / "docs" / "tower.md", "# The tower\n\n" + TEXT.format("tower"))
    assert run(given, "ingest", "generate") == {
        "ingest": "changed: DOCS",
        "generate": "changed: chunks, documents",
    }
