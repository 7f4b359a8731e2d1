"""NanoBEIR as a guard: read as the hub holds it, and one clear line where there is no hub."""

import os
import subprocess
import sys

import pyarrow
import pyarrow.parquet
import pytest

from idiolect.errors import InputError
from idiolect.evaluation import nanobeir
from idiolect.evaluation.beir import load_dataset

SHAPES = {
    "corpus": [
        {"_id": "d1", "text": "Owls see."},
        {"_id": "d2", "text": ""},
        {"_id": "d3", "text": "Bats fly."},
    ],
    "queries": [{"_id": "q1", "text": "who sees?"}, {"_id": "q2", "text": "unjudged"}],
    "qrels": [{"query-id": "q1", "corpus-id": "d1"}],
}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A snapshot of three sets in the repository's layout; how often it was asked for."""
    root, asked = tmp_path / "snapshot", []
    lines = ["---", "configs:"]
    for subset, rows in SHAPES.items():
        (root / subset).mkdir(parents=True)
        lines += [f"- config_name: {subset}", "  data_files:"]
        for name in nanobeir.SETS:
            path = f"{subset}/Nano{name}-00000-of-00001.parquet"
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), root / path)
            lines += [f"  - split: Nano{name}", f"    path: {path}"]
    (root / "README.md").write_text("\n".join([*lines, "---", ""]))

    def snapshot_download(repository, repo_type):
        asked.append((repository, repo_type))
        return str(root)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return asked


def test_one_set_is_a_beir_folder_and_fetched_once(hub, tmp_path):
    for name in ("nanobeir:SciFact", "nanobeir:NanoSciFact", "NanoBEIR:scifact"):
        assert nanobeir.is_named(name)
        path = nanobeir.fetch(name, tmp_path / "work")
    assert path == tmp_path / "work" / "NanoSciFact"
    assert hub == [("sentence-transformers/NanoBEIR-en", "dataset")]
    found = load_dataset(path)
    assert list(found.corpus) == ["SciFact/d1", "SciFact/d3"]
    assert found.queries == {"SciFact/q1": "who sees?"}
    assert found.qrels == {"SciFact/q1": {"SciFact/d1": 1}}


def test_all_sets_together_are_one_guard(hub, tmp_path):
    found = load_dataset(nanobeir.fetch("nanobeir", tmp_path / "work"))
    assert len(found.queries) == len(nanobeir.SETS) and len(found.corpus) == 2 * len(nanobeir.SETS)


def test_an_unknown_set_is_refused_and_a_folder_is_not_taken_for_one(tmp_path):
    with pytest.raises(InputError, match="has no such set; it has ArguAna, "):
        nanobeir.fetch("nanobeir:Nothing", tmp_path)
    assert not nanobeir.is_named("data/nanobeir") and not nanobeir.is_named("nano")


def test_without_a_hub_there_is_one_clear_line(tmp_path):
    command = [sys.executable, "-m", "idiolect", "run", str(tmp_path), "-w", str(tmp_path / "work")]
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [*command, "--guard", "nanobeir"], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: guard nanobeir: the hub did not give")
    assert done.stderr.count("\n") == 1 and "give a BEIR folder instead" in done.stderr
