"""Registries in folders to try things on, and WORKs to publish there."""

import multiprocessing
import shutil

import pytest
from registered import Desk, write_plain_bundle, write_work

from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.publishing import given, publish


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """A bundle of what nobody here loads: the registry keeps files."""
    return write_plain_bundle(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def processes():
    """Processes that start from one which has imported MLflow, and nothing of this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["registry_processes", "mlflow.store.tracking.sqlalchemy_store"])
    return context
