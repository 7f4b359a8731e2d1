"""The registry in a folder, and on a server where there is one: what is published, promoted, refused and recorded."""

import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import registry_processes
from registered import QUERIES, Desk, write_model, write_plain_bundle, write_work

from idiolect.bundle import Bundle, bundle_digest
from idiolect.errors import AuditError, RegistryError, UsageError
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.registry import located, registry_uri
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.history import replayed
from idiolect.lifecycle.registry.publishing import given, publish
from idiolect.lifecycle.registry.references import Reference
from idiolect.lifecycle.registry.versions import Promotion


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A bundle of what nobody here loads: the registry keeps files."""
    return write_plain_bundle(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def works(tmp_path_factory, plain):
    """WORKs of one model's life: two good ones, one that is worse than both, one whose base was kept, and others."""
    root = tmp_path_factory.mktemp("works")
    for name, others in {
        "first": {"level": 0.6},
        "better": {"level": 0.7},
        "worse": {"level": 0.5},
        "kept": {"level": 0.3, "verdict": "keep-base"},
        "elsewhere": {"level": 0.5, "corpus": "another corpus"},
    }.items():
        write_work(root / name, plain, "pumps", **others)
    return root


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A registry without a version: making one takes MLflow two seconds."""
    folder = tmp_path_factory.mktemp("empty") / "registry"
    Registry.at(str(folder), create=True)
    return folder


@pytest.fixture
def desk(empty, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IDIOLECT_REGISTRY", raising=False)
    return Desk(shutil.copytree(empty, tmp_path / "registry"), capsys)


@pytest.fixture(scope="module")
def filled(empty, works, tmp_path_factory):
    folder = shutil.copytree(empty, tmp_path_factory.mktemp("filled") / "registry")
    for name in ("first", "better", "worse"):
        publish(Registry.at(str(folder)), *given(works / name))
    return folder


@pytest.fixture
def pumps(filled, tmp_path, capsys, monkeypatch):
    """Versions 1 to 3: first, better, worse; none promoted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IDIOLECT_REGISTRY", raising=False)
    return Desk(shutil.copytree(filled, tmp_path / "registry"), capsys)


@pytest.fixture(scope="module")
def processes():
    """Processes that start from one which has imported MLflow, and nothing of this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["registry_processes", "mlflow.store.tracking.sqlalchemy_store"])
    return context


def run(processes, target, *args):
    """The exit code of a process that does it."""
    process = processes.Process(target=target, args=args)
    process.start()
    process.join(120)
    return process.exitcode


def chain(desk):
    return [(entry.event, entry.facts) for entry in Chain(desk.folder / "audit.jsonl").entries()]


# Publishing.


def test_a_bundle_is_one_version_however_often_it_is_published(desk, works):
    first = desk.json("publish", works / "first", "--domain", "acme/support")
    again = desk.json("publish", works / "first" / "bundle")
    assert (first["new"], again["new"]) == (True, False)
    assert first["version"] == again["version"]
    version = first["version"]
    assert version["digest"] == bundle_digest(Bundle.load(works / "first" / "bundle"))
    assert (version["version"], version["domain"], version["base"]) == (1, "acme/support", "base of first")
    assert version["gain"] == pytest.approx(0.2, abs=0.02)
    assert desk.json("publish", works / "better")["version"]["domain"] == "acme/support"


def test_what_is_shown_is_what_was_measured(desk, works):
    desk.json("publish", works / "first")
    shown = desk.json("show", "pumps")
    report = json.loads((works / "first" / "report.json").read_text())
    assert (
        shown["metrics"]["test/dense-tuned/ndcg_at_10"]
        == report["datasets"]["test"]["runs"]["dense-tuned"]["ndcg@10"]
    )
    assert shown["metrics"]["gain_low"] == report["decisions"]["dense"]["comparison"]["ci95"][0]
    assert shown["files"] == ["bundle", "report.json", "scores.jsonl"]
    assert "never promoted" in desk("show", "pumps@1")[1]


def test_no_query_enters_the_registry(desk, works):
    desk.json("publish", works / "first")
    held = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert b"scores.jsonl" not in held or b"key" in held
    assert [query for query in QUERIES if query.encode() in held] == []


def test_an_altered_bundle_is_not_published(desk, works, tmp_path):
    altered = shutil.copytree(works / "first", tmp_path / "altered")
    (altered / "bundle" / "model" / "config.json").write_text("{}")
    assert "was altered" in desk.refused("publish", altered)
    assert desk.listed() == {}


def test_a_report_of_another_run_is_refused(desk, works, tmp_path):
    mixed = shutil.copytree(works / "first", tmp_path / "mixed")
    shutil.copyfile(works / "kept" / "report.json", mixed / "report.json")
    assert "they are of two runs" in desk.refused("publish", mixed)


@pytest.mark.parametrize("point", registry_processes.POINTS)
def test_a_publish_that_is_killed_leaves_nothing_half_visible_and_the_next_goes_on(
    desk, works, processes, point
):
    code = run(processes, registry_processes.publish_and_die, desk.folder, works / "first", point)
    assert code == -9
    whole = point in ("versioned", "logged")
    assert list(desk.listed()) == (["pumps"] if whole else [])
    again = desk.json("publish", works / "first")
    assert again["new"] is not whole
    assert [model["versions"] for model in desk.listed().values()] == [1]
    assert len(list((desk.folder / "artifacts").iterdir())) == 1
    assert [event for event, _ in chain(desk)][:1] == ["publish"]
    tables = sqlite3.connect(desk.folder / "registry.db")
    left = tables.execute("select count(*) from runs where status = 'RUNNING' and lifecycle_stage = 'active'")
    assert left.fetchone() == (0,)
    Bundle.load(located("registry:pumps@1", str(desk.folder))).verify()


def test_a_full_disk_is_told_in_one_line_and_publishes_nothing(desk, processes, tmp_path):
    database = (desk.folder / "registry.db").stat().st_size
    bundle = write_plain_bundle(tmp_path, size=database + 2**20)
    for room in (database + 2**19, 2**14):
        queue = processes.Queue()
        run(processes, registry_processes.publish_with_little_room, desk.folder, bundle, room, queue)
        assert "no space is left there" in queue.get(timeout=10)
    assert desk.listed() == {}
    assert desk.json("publish", bundle)["version"]["version"] == 1


def test_publishers_at_once_take_turns(desk, works, processes):
    queue = processes.Queue()
    names = ("first", "better", "first")
    started = [
        processes.Process(target=registry_processes.publish, args=(desk.folder, works / name, queue))
        for name in names
    ]
    for process in started:
        process.start()
    assert sorted(queue.get(timeout=60) for _ in names) in ([1, 1, 2], [1, 2, 2])
    assert desk.listed()["pumps"]["versions"] == 2


# Promoting.


def test_a_champion_gives_way_to_a_better_one_and_comes_back(pumps):
    assert pumps.champion() == 0
    assert "no champion to compare with" in pumps("promote", "pumps@1")[1]
    done = pumps.json("promote", "pumps@2")
    assert done["gate"]["comparisons"]["test"]["delta"] == pytest.approx(0.1, abs=0.02)
    assert pumps.champion() == 2
    assert "is champion already" in pumps("promote", "pumps@2")[1]
    assert pumps.json("rollback", "pumps")["entry"]["version"] == 1
    assert pumps.champion() == 1
    assert "pumps@1 is its first" in pumps.refused("rollback", "pumps")


def test_going_back_follows_what_was_promoted_not_the_numbers(pumps):
    for version in (2, 1, 3):
        pumps.json("promote", f"pumps@{version}", "--override", "the order of this test")
    backwards = [pumps.json("rollback", "pumps")["version"]["version"] for _ in range(2)]
    assert backwards == [1, 2]
    pumps.json("promote", "pumps@3", "--override", "once more")
    assert pumps.json("rollback", "pumps")["version"]["version"] == 2


def test_a_version_is_named_by_number_alias_or_digest(pumps):
    digest = pumps.json("show", "pumps@2")["version"]["digest"]
    assert pumps.json("promote", f"pumps@{digest[:10]}")["version"]["version"] == 2
    assert pumps.json("show", "pumps@champion")["version"]["version"] == 2
    assert "has no challenger" in pumps.refused("show", "pumps@challenger")
    assert "has no version 7: there is 1, 2, 3" in pumps.refused("show", "pumps@7")
    assert "holds no model 'valves': there is pumps" in pumps.refused("show", "valves")
    assert pumps("show", "pumps@")[0] == pumps("show", "a/b")[0] == 2


def test_a_version_that_is_worse_than_the_champion_is_refused(pumps):
    pumps.json("promote", "pumps@2")
    line = pumps.refused("promote", "pumps@3")
    assert "it is worse than the champion pumps@2 on test (−0.2" in line
    assert pumps.champion() == 2


def test_another_corpus_is_not_compared_and_that_is_said(pumps, works):
    pumps.json("promote", "pumps@2")
    pumps.json("publish", works / "elsewhere")
    code, said = pumps("promote", "pumps@4")
    assert code == 0
    assert "not compared with the champion pumps@2: they share no test query" in said


def test_a_base_that_was_kept_is_no_champion_without_a_reason_which_is_recorded(desk, works):
    desk.json("publish", works / "kept")
    line = desk.refused("promote", "pumps")
    assert "verdict of its report is keep-base (its bundle holds the base's weights)" in line
    assert desk.champion() == 0
    assert desk("promote", "pumps", "--override", " ")[0] == 2
    desk.json("promote", "pumps", "--override", "clients need an address before the first training")
    shown = desk.json("show", "pumps@champion")
    (entry,) = shown["history"]
    assert entry["reason"] == "clients need an address before the first training"
    assert "keep-base" in entry["refused"]
    assert entry["who"] and entry["who"] in shown["version"]["override"]
    event, facts = chain(desk)[-1]
    assert (event, facts["reason"], facts["who"]) == ("promotion", entry["reason"], entry["who"])


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ({"taint": "erasure"}, "it is tainted (erasure)"),
        ({"licences": "denied: GPL-3.0-only"}, "licences forbid it (denied: GPL-3.0-only)"),
    ],
)
def test_a_tainted_or_forbidden_version_is_refused_also_to_go_back_to(pumps, marks, reason):
    registry = Registry.at(str(pumps.folder))
    for version in (1, 2):
        pumps.json("promote", f"pumps@{version}")
    registry.mark(registry.find(Reference(name="pumps", selector="1")), **marks, drift="0.12")
    assert reason in pumps.refused("rollback", "pumps")
    assert reason in pumps.refused("promote", "pumps@1", "--as", "challenger")
    assert (
        pumps.json("rollback", "pumps", "--override", "counsel agreed")["entry"]["reason"] == "counsel agreed"
    )
    line = pumps.listed()["pumps"]
    assert (line["champion"], line["taint"], line["drift"]) == (1, marks.get("taint", ""), "0.12")


def test_files_that_were_altered_in_the_registry_are_not_promoted(pumps):
    path = located("registry:pumps@2", str(pumps.folder))
    (path / "model" / "config.json").write_text("{}")
    assert "its files are not those that were published" in pumps.refused("promote", "pumps@2")
    (path / "manifest.json").write_text("{}")
    assert "its files are not those" in pumps.refused("promote", "pumps@2")


def test_only_what_was_looked_at_is_replaced(pumps):
    pumps.json("promote", "pumps@1", "--expect", "none")
    assert "is 1, not nobody as expected, since" in pumps.refused("promote", "pumps@2", "--expect", "none")
    pumps.json("promote", "pumps@2", "--expect", "1")
    assert pumps("promote", "pumps@2", "--expect", "new")[0] == 2


def test_of_promotions_at_one_moment_exactly_one_wins_and_the_others_name_it(
    desk, plain, tmp_path, processes
):
    count = 5
    for number in range(count):
        desk.json("publish", write_model(tmp_path / f"m{number}", plain, "pumps"))
    barrier, queue = processes.Barrier(count), processes.Queue()
    started = [
        processes.Process(
            target=registry_processes.promote_together,
            args=(desk.folder, "pumps", number + 1, barrier, queue),
        )
        for number in range(count)
    ]
    for process in started:
        process.start()
    told = dict(queue.get(timeout=120) for _ in started)
    (winner,) = [version for version, line in told.items() if not line]
    assert desk.champion() == winner
    assert all(f"made pumps@{winner} champion" in line for version, line in told.items() if version != winner)
    shown = desk.json("show", "pumps@champion")
    assert (len(shown["history"]), len(shown["void"]), shown["outside"]) == (count, count - 1, {})
    assert [event for event, _ in chain(desk)].count("promotion") == count
    Chain(desk.folder / "audit.jsonl").verify()


def test_a_promotion_that_was_killed_is_finished_by_the_next_command(pumps, processes):
    pumps.json("promote", "pumps@1")
    assert run(processes, registry_processes.promote_and_die, pumps.folder, "pumps", 2) == -9
    assert "alias champion stands on 1, which no promotion above did" in pumps("show", "pumps")[1]
    assert "is champion already" in pumps("promote", "pumps@2")[1]
    assert pumps.champion() == 2
    assert [facts["version"] for event, facts in chain(pumps) if event == "promotion"] == [1, 2]


def test_a_rollback_that_was_overtaken_is_void():
    def entry(number, action, version, after):
        facts = {"name": "pumps", "alias": "champion", "before": 0, "who": "ada", "when": "now"}
        return Promotion(number=number, action=action, version=version, after=after, **facts)

    entries = [entry(1, "promote", 1, 0), entry(2, "promote", 2, 1), entry(3, "promote", 3, 2)]
    late = entry(4, "rollback", 1, 2)
    found = replayed([*entries, late], "champion")
    assert (found.stack, list(found.void), found.void[4].number) == ([1, 2, 3], [4], 3)


def test_an_edited_log_is_found(pumps):
    pumps.json("promote", "pumps@1")
    log = pumps.folder / "audit.jsonl"
    log.write_text(log.read_text().replace('"action":"promote"', '"action":"rollback"'))
    with pytest.raises(AuditError, match="edited"):
        Chain(log).verify()


# Looking.


def test_list_has_a_line_a_model_with_what_it_stands_on(pumps, plain, tmp_path):
    pumps.json("publish", write_model(tmp_path / "v", plain, "valves"), "--domain", "acme/field/ada")
    pumps.json(
        "publish", write_model(tmp_path / "w", plain, "gauges"), "--name", "meters", "--domain", "acme-two"
    )
    pumps.json("promote", "pumps@1")
    assert [model["name"] for model in pumps.json("list")["models"]] == ["pumps", "meters", "valves"]
    assert [model["name"] for model in pumps.json("list", "--domain", "acme")["models"]] == ["valves"]
    line = pumps.listed()["pumps"]
    assert (line["champion"], line["versions"], line["base"]) == (1, 3, "base of first")
    assert (line["drift"], line["taint"], line["verdict"]) == ("not measured", "", "promote")
    assert 0 <= line["age"] < 3_600
    lines = pumps("list")[1].splitlines()
    assert len(lines) == 4
    assert "1 of 3" in lines[1] and "base of first" in lines[1] and "+0.2" in lines[1]


def test_compare_pairs_the_queries_that_both_were_measured_on(pumps, works):
    found = pumps.json("compare", "pumps@1", "pumps@2")
    comparison = found["comparisons"]["test"]
    assert comparison["n"] == comparison["clusters"] == len(QUERIES)
    assert comparison["delta"] == pytest.approx(0.1, abs=0.02)
    assert comparison["ci95"][0] > 0
    assert len(found["metrics"]["gain"]) == 2
    pumps.json("publish", works / "elsewhere")
    assert (
        "not comparable query by query: they share no test query" in pumps("compare", "pumps@1", "pumps@4")[1]
    )


def test_a_registry_that_was_moved_keeps_its_versions_and_takes_new_ones(pumps, works, tmp_path):
    moved = tmp_path / "moved here"
    pumps.folder.rename(moved)
    pumps.folder = moved
    pumps.json("promote", "pumps@1")
    pumps.json("publish", works / "kept")
    for version in (1, 4):
        Bundle.load(located(f"registry:pumps@{version}", str(moved))).verify()
    assert not (tmp_path / "registry").exists()


def test_where_the_registry_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IDIOLECT_REGISTRY", raising=False)
    assert registry_uri() == "idiolect-registry"
    (tmp_path / "idiolect.toml").write_text('[registry]\nuri = "of the config"\n')
    assert registry_uri() == "of the config"
    monkeypatch.setenv("IDIOLECT_REGISTRY", "https://ada:secret@models.example/")
    assert registry_uri() == "https://ada:secret@models.example"
    assert registry_uri("given") == "given"
    with pytest.raises(UsageError, match=r"give a folder, or http\(s\)"):
        registry_uri("postgresql://models.example/mlflow")


# What goes wrong.


def damaged(path):
    path.write_bytes(b"no database " * 5_000)


def of_another_schema(path):
    with sqlite3.connect(path) as tables:
        tables.execute("update alembic_version set version_num = '1bd49d398cd23'")


def of_the_future(path):
    of_another_schema(path)
    with sqlite3.connect(path) as tables:
        tables.execute("drop table model_versions")


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (damaged, "is damaged; put a copy of it in its place"),
        (
            of_another_schema,
            "made by another version of MLflow: take a copy of it, then run `mlflow db upgrade sqlite:///",
        ),
        (of_the_future, "made by another version of MLflow"),
    ],
)
def test_a_database_that_cannot_be_read_is_one_line_with_its_cure(desk, works, fault, line):
    fault(desk.folder / "registry.db")
    assert line in desk.refused("list")


@pytest.mark.parametrize(
    ("uri", "line"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("nowhere", "holds no registry yet: `idiolect models publish` makes one"),
    ],
)
def test_a_registry_that_is_not_there_is_one_line(desk, uri, line):
    desk.folder = uri
    assert line in desk.refused("list")


def test_mlflow_reports_to_nobody_and_says_nothing(works, tmp_path):
    """In a process without what makes MLflow take it for a test."""
    watch = (
        "import sys\n"
        "def seen(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'): print(event, args)\n"
        "sys.addaudithook(seen)\n"
        "from idiolect.cli import main\n"
        f"main(['models', 'publish', {str(works / 'first')!r}, '--registry', {str(tmp_path / 'quiet')!r}])\n"
    )
    unseen = ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    environment = {name: value for name, value in os.environ.items() if name not in unseen}
    done = subprocess.run(
        [sys.executable, "-c", watch], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.stdout.splitlines() == [
        f"pumps@1 published in {tmp_path / 'quiet'}: tuned weights, verdict promote"
    ]
    assert done.stderr == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["quiet"]


def test_mlflow_is_not_imported_to_print_help():
    code = (
        "import sys; from idiolect.cli.models import publish, promote, listed; print('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.skipif(
    "MLFLOW_TEST_URI" not in os.environ, reason="set MLFLOW_TEST_URI to a running `mlflow server`"
)
def test_a_team_s_server_holds_what_a_folder_does(works, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    desk, name = Desk(os.environ["MLFLOW_TEST_URI"], capsys), f"pumps-{os.getpid()}"
    for work in ("first", "better", "worse"):
        desk.json("publish", works / work, "--name", name)
    assert desk.json("publish", works / "better", "--name", name)["new"] is False
    desk.json("promote", f"{name}@1")
    desk.json("promote", f"{name}@2")
    assert "it is worse than the champion" in desk.refused("promote", f"{name}@3")
    desk.json("rollback", name)
    assert desk.champion(name) == 1
    assert [entry["action"] for entry in desk.json("show", name)["history"]] == [
        "promote",
        "promote",
        "rollback",
    ]
    assert desk.json("compare", f"{name}@1", f"{name}@2")["comparisons"]["test"]["n"] == len(QUERIES)
    path = located(f"registry:{name}@champion", desk.folder)
    assert bundle_digest(Bundle.load(path)) == bundle_digest(Bundle.load(works / "first" / "bundle"))
    assert Path(path).is_relative_to(tmp_path / "cache")


@pytest.mark.skipif(
    "MLFLOW_TEST_URI" not in os.environ, reason="set MLFLOW_TEST_URI to a running `mlflow server`"
)
def test_of_promotions_at_one_moment_on_a_server_exactly_one_wins(plain, tmp_path, processes, capsys):
    desk, name, count = Desk(os.environ["MLFLOW_TEST_URI"], capsys), f"valves-{os.getpid()}", 4
    for number in range(count):
        desk.json("publish", write_model(tmp_path / f"m{number}", plain, name))
    barrier, queue = processes.Barrier(count), processes.Queue()
    for number in range(count):
        args = (desk.folder, name, number + 1, barrier, queue)
        processes.Process(target=registry_processes.promote_together, args=args).start()
    told = dict(queue.get(timeout=120) for _ in range(count))
    (winner,) = [version for version, line in told.items() if not line]
    assert desk.champion(name) == winner


def test_a_mark_that_nobody_knows_is_refused(pumps):
    registry = Registry.at(str(pumps.folder))
    with pytest.raises(UsageError, match="there is drift, taint, licences"):
        registry.mark(registry.find(Reference(name="pumps")), colour="red")
    with pytest.raises(RegistryError, match="has no champion"):
        located("registry:pumps", str(pumps.folder))
