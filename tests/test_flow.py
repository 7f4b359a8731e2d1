"""The whole story with the real commands: documents in, a served model out, and nothing done twice."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mixed_files import BROKEN, WHOLE, write_broken, write_whole
from small_corpus import MACHINES, write_small_corpus

pytestmark = pytest.mark.timed

SETTINGS = (
    "generate.max_queries=72",
    "train.batch_size=16",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "ingest.chunk_tokens=96",
    "ingest.overlap_tokens=16",
)
BEFORE_TRAINING = (
    "documents.jsonl", "chunks.jsonl", "queries.jsonl", "rejected.jsonl", "splits.jsonl", "train.jsonl",
    "dev.jsonl", "test/corpus.jsonl", "test/queries.jsonl", "test/qrels/test.tsv", "mining.json",
)  # fmt: skip
STAGES = ["ingest", "generate", "prepare", "train", "evaluate", "export"]


def idiolect(*arguments: str | Path, expect: tuple[int, ...] = (0, 3)) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "idiolect", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode in expect, done.stdout + done.stderr
    return done


def run(docs: Path, work: Path, *more: str) -> subprocess.CompletedProcess[str]:
    options = [part for setting in SETTINGS for part in ("--set", setting)]
    return idiolect("run", docs, "-w", work, *options, *more)


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    """The manuals, one file of every other format, and every broken one."""
    folder = write_small_corpus(tmp_path_factory.mktemp("waterworks") / "docs")
    write_whole(folder / "village", len(WHOLE))
    write_broken(folder / "broken")
    return folder


@pytest.fixture(scope="module")
def first(docs, tmp_path_factory):
    """The first run of the story: its WORK and what it said."""
    work = tmp_path_factory.mktemp("first") / "work"
    began = time.monotonic()
    done = run(docs, work)
    return work, done, time.monotonic() - began


def test_a_run_ends_with_a_table_a_verdict_and_where_to_go(first):
    work, done, seconds = first
    report = json.loads((work / "report.json").read_text())
    assert done.returncode == (0 if report["verdict"] == "promote" else 3)
    for name in ("dense-base", "dense-tuned", "bm25", "hybrid-base", "hybrid-tuned"):
        assert re.search(rf"^ *{name} +0\.\d{{3}} +0\.\d{{3}}–\d\.\d{{3}}", done.stdout, re.M), done.stdout
    assert re.search(r"^(Promote|Keep the base|Inconclusive)", done.stdout, re.M)
    assert f"Report:  {work / 'report.html'}" in done.stdout
    assert f"Set aside: {len(BROKEN)} ({work / 'rejected_documents.jsonl'} lists each" in done.stdout
    assert re.search(r"^ +3  password: broken/locked.docx, broken/locked.pdf", done.stdout, re.M)
    assert f"idiolect serve {work / 'bundle'}" in done.stdout
    assert re.search(r"encoding chunks: \d+ texts in \d+\.\d s", done.stderr), done.stderr
    assert "\r" not in done.stderr, "no progress bars where stderr is no terminal"
    assert seconds < 120


def test_the_files_hold_what_the_design_promises(first):
    work, _, _ = first
    chunks = [json.loads(line) for line in (work / "chunks.jsonl").read_text().splitlines()]
    texts = {row["id"]: row["text"] for row in map(json.loads, (work / "documents.jsonl").open())}
    assert len(texts) == len(MACHINES) + len(WHOLE) + 4 * 6, "six formats hold five documents a file"
    for chunk in chunks:
        assert texts[chunk["document_id"]][chunk["start"] : chunk["end"]] == chunk["text"]
        assert chunk["tokens"] <= 96
    for line in (work / "train.jsonl").open():
        example = json.loads(line)
        assert len(example["teacher_scores"]) == 1 + len(example["negatives"])
    manifest = json.loads((work / "bundle" / "manifest.json").read_text())
    listed = {file["path"] for file in manifest["files"]}
    assert {"onnx/model.onnx", "openvino/model.xml", "model/model.safetensors"} <= listed
    manifests = sorted(json.loads(path.read_text())["stage"] for path in (work / "manifests").iterdir())
    assert manifests == sorted(STAGES)


def test_a_second_run_does_nothing_and_says_so(first, docs):
    work, before, _ = first
    done = run(docs, work)
    assert "nothing to do" in done.stdout
    assert done.stderr.count("up to date") == len(STAGES)
    assert done.returncode == before.returncode


def test_a_changed_setting_runs_again_exactly_what_it_touches(first, docs):
    work, _, _ = first
    options = [part for setting in SETTINGS for part in ("--set", setting)]
    plan = idiolect(
        "run", docs, "-w", work, *options, "--set", "export.formats=['onnx']", "--dry-run", "--json"
    )
    assert [row["stage"] for row in json.loads(plan.stdout) if row["would_run"]] == ["export"]
    plan = idiolect(
        "run", docs, "-w", work, *options, "--set", "train.learning_rate=1e-5", "--dry-run", "--json"
    )
    assert [row["stage"] for row in json.loads(plan.stdout) if row["would_run"]] == [
        "train",
        "evaluate",
        "export",
    ]
    plan = idiolect(
        "run", docs, "-w", work, *options, "--set", "generate.concurrency=2", "--dry-run", "--json"
    )
    assert not any(row["would_run"] for row in json.loads(plan.stdout))


def test_two_runs_with_one_seed_agree(first, docs, tmp_path):
    work, _, _ = first
    other = tmp_path / "work"
    other.mkdir()
    shutil.copy(work / "privacy.key", other)  # the same pseudonyms
    run(docs, other, "--to", "train")
    for name in BEFORE_TRAINING:
        assert (work / name).read_bytes() == (other / name).read_bytes(), name
    for name, first_weights, second_weights in _paired_weights(work / "model", other / "model"):
        a, b = first_weights.ravel().astype(np.float64), second_weights.ravel().astype(np.float64)
        if np.any(a):
            assert a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) > 0.9999, name


def _paired_weights(first: Path, second: Path):
    from safetensors.numpy import load_file

    left, right = load_file(first / "model.safetensors"), load_file(second / "model.safetensors")
    assert left.keys() == right.keys()
    return [(name, left[name], right[name]) for name in left]


def test_search_finds_the_manual_that_answers(first):
    work, _, _ = first
    for mode in ("dense", "lexical", "hybrid"):
        query = "white smoke from the backup generator"
        done = idiolect("search", query, "-w", work, "--mode", mode, "--json")
        hits = json.loads(done.stdout)["hits"]
        assert "backup-generator" in hits[0]["document_id"], mode
        assert hits[0]["rank"] == 1 and hits[0]["text"]
    assert "backup-generator" in idiolect("search", query, "-w", work, "--top", "2").stdout


def test_score_gives_what_the_report_says(first):
    work, _, _ = first
    report = json.loads((work / "report.json").read_text())
    done = idiolect("score", work / "bundle", "--beir", work / "test", "--with", "bm25,hybrid", "--json")
    figures = json.loads(done.stdout)
    side = "tuned" if report["verdict"] == "promote" else "base"
    runs = report["datasets"]["test"]["runs"]
    assert (figures["dataset"], figures["split"], figures["unit"]) == ("test", "test", "document")
    for ours, theirs in (("dense", f"dense-{side}"), ("bm25", "bm25"), ("hybrid", f"hybrid-{side}")):
        assert figures["runs"][ours]["ndcg@10"] == pytest.approx(runs[theirs]["ndcg@10"], abs=0.02)
    chunked = json.loads(
        idiolect("score", "auto", work / "model", "--beir", work / "test", "--unit", "chunk", "--json").stdout
    )
    assert set(chunked["runs"]) == {"auto/dense", "model/dense"}


def test_the_bundle_verifies_and_serves_the_unmodified_openai_client(first):
    openai = pytest.importorskip("openai")
    work, _, _ = first
    assert "as the manifest lists them" in idiolect("bundle", "verify", work / "bundle").stdout
    command = [sys.executable, "-m", "idiolect", "serve", str(work / "bundle"), "--port", "0"]
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        url = next(match.group() for line in server.stderr if (match := re.search(r"http://\S+/v1", line)))
        client = openai.OpenAI(base_url=url, api_key="none")
        model = client.models.list().data[0].id
        answer = client.embeddings.create(model=model, input=["the hatch seal", "a torn membrane"])
        vectors = np.array([row.embedding for row in answer.data])
        assert vectors.shape == (2, 384)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
        assert answer.usage.prompt_tokens > 0

        scored = json.loads(
            idiolect("score", f"{url}#{model}", work / "bundle", "--beir", work / "test", "--json").stdout
        )
        over_http, on_disk = scored["runs"][f"{url}#{model}/dense"], scored["runs"]["bundle/dense"]
        assert over_http["ndcg@10"] == pytest.approx(on_disk["ndcg@10"], abs=0.02)
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0


def test_the_model_loads_in_sentence_transformers(first):
    from sentence_transformers import SentenceTransformer

    work, _, _ = first
    model = SentenceTransformer(str(work / "model"), device="cpu")
    assert model.encode(["the hatch seal"]).shape == (1, 384)
