"""Registered bundles wherever a bundle is taken; a server follows the champion."""

import json
import shutil

import pytest
from click.testing import CliRunner
from registered import Desk
from serving_fixture import Running, until
from small_corpus import write_small_corpus

from idiolect.bundle import Bundle
from idiolect.cli import idiolect
from idiolect.cli import serve as command
from idiolect.lifecycle.registry import follows


@pytest.fixture(scope="module")
def published(tmp_path_factory, bundle_path, other_bundle_path):
    """Two models of one name; the first is champion."""
    folder = tmp_path_factory.mktemp("registered") / "registry"
    runner = CliRunner()
    for bundle in (bundle_path, other_bundle_path):
        runner.invoke(
            idiolect, ["models", "publish", str(bundle), "--registry", str(folder)], catch_exceptions=False
        )
    runner.invoke(
        idiolect, ["models", "promote", "tiny@1", "--registry", str(folder)], catch_exceptions=False
    )
    return folder


@pytest.fixture
def desk(published, tmp_path, capsys, monkeypatch):
    folder = shutil.copytree(published, tmp_path / "registry")
    monkeypatch.setenv("IDIOLECT_REGISTRY", str(folder))
    return Desk(folder, capsys)


def digest(path):
    return Bundle.load(path).manifest.model_digest


def test_a_server_takes_what_is_promoted_and_what_is_rolled_back(
    desk, alone, bundle_path, other_bundle_path, caplog
):
    with Running(alone("registry:tiny@champion", watch_seconds=0.1)) as server:
        assert server.digest == digest(bundle_path)
        desk.json("promote", "tiny@2")
        until(lambda: server.digest == digest(other_bundle_path))
        desk.json("rollback", "tiny")
        until(lambda: server.digest == digest(bundle_path))
        assert server.post(input="a pump").status_code == 200
    assert caplog.records == []


def test_a_registry_that_goes_away_leaves_the_model_in_place(
    desk, alone, bundle_path, other_bundle_path, caplog
):
    with Running(alone("registry:tiny", watch_seconds=0.1)) as server:
        away = desk.folder.rename(desk.folder.with_name("away"))
        until(lambda: any("cannot be served" in record.message for record in caplog.records))
        assert server.digest == digest(bundle_path)
        away.rename(desk.folder)
        desk.json("promote", "tiny@2")
        until(lambda: server.digest == digest(other_bundle_path))


def test_a_served_alias_is_watched_unless_it_is_said_otherwise(desk, monkeypatch):
    served = []
    monkeypatch.setattr("idiolect.server.run", lambda *args, **_: served.append(args[-1].watch_seconds))
    runner = CliRunner()
    for words in (
        ["registry:tiny@champion"],
        ["registry:tiny@1"],
        ["registry:tiny", "--watch", "0"],
        ["a/bundle"],
    ):
        runner.invoke(command.serve, words, catch_exceptions=False)
    assert served == [10.0, 0.0, 0.0, 0.0]
    assert [follows(name) for name in ("registry:a", "registry:a@challenger", "registry:a@3", "a")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_the_other_commands_take_registered_names_too(desk, tmp_path):
    runner = CliRunner()

    def done(*words):
        return runner.invoke(idiolect, list(map(str, words)), catch_exceptions=False).stdout

    assert "tuned weights" in done("bundle", "verify", "registry:tiny@2")
    documents, store = write_small_corpus(tmp_path / "documents"), tmp_path / "store"
    done("index", "registry:tiny", documents, "--store", store, "-q")
    found = done("search", "a pump", "--store", store, "--bundle", "registry:tiny", "--json")
    assert json.loads(found)["hits"]
    merged = done("models", "merge", "registry:tiny@1", "registry:tiny@2", "-o", tmp_path / "new", "--json")
    assert json.loads(merged)["merged"]["shares"] == [0.5, 0.5]
