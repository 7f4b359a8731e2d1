"""A team's MLflow server as the registry, where one runs."""

import os
from pathlib import Path

import pytest
import registry_processes
from registered import QUERIES, Desk, write_model

from idiolect.bundle import Bundle, bundle_digest
from idiolect.lifecycle.registry import located


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
