"""What a registry in a folder shows, where it is found, and what goes wrong with it."""

import os
import sqlite3
import subprocess
import sys

import pytest
from registered import QUERIES, write_model

from idiolect.bundle import Bundle
from idiolect.errors import UsageError
from idiolect.lifecycle.registry import located, registry_uri
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.references import Reference


def test_list_has_a_line_a_model_with_what_it_stands_on(pumps, plain, tmp_path):
    pumps.json("publish", write_model(tmp_path / "v", plain, "valves"), "--domain", "acme/field/ada")
    pumps.json(
        "publish", write_model(tmp_path / "w", plain, "gauges"), "--name", "meters", "--domain", "acme-two"
    )
    pumps.json("promote", "pumps@1")
    assert [model["name"] for model in pumps.json("list")["models"]] == ["pumps", "meters", "valves"]
    assert [model["name"] for model in pumps.json("list", "--domain", "/acme/")["models"]] == ["valves"]
    line = pumps.listed()["pumps"]
    assert (line["champion"], line["versions"], line["base"]) == (1, 3, "base of first")
    assert (line["drift"], line["taint"], line["verdict"]) == ("not measured", "", "promote")
    assert 0 <= line["age"] < 3_600
    registry = Registry.at(str(pumps.folder))
    registry.mark(registry.find(Reference.parse("pumps@1")), drift="alarm, 2026-03-01: queries: mmd")
    lines = pumps("list")[1].splitlines()
    assert len(lines) == 4
    assert "alarm, 2026-03-01  " in lines[1] and "mmd" not in lines[1]
    assert "queries: mmd" in pumps("show", "pumps@1")[1]
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
def test_a_registry_that_is_not_there_is_one_line(desk, uri, line, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
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
