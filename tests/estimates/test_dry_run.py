"""A dry run says what would run, why and at what cost; it spends nothing and writes nothing."""

import json
import platform
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from small_corpus import write_small_corpus

from idiolect import pipeline
from idiolect.cli import idiolect
from idiolect.config import load
from idiolect.estimates.estimate import estimate
from idiolect.files import tree_digests, write_json
from idiolect.workspace import Workspace

STAGES = pipeline.NAMES
KEYS = {
    "stage", "would_run", "reason", "minutes", "llm_calls", "prompt_tokens", "completion_tokens", "price",
    "currency", "disk_mb", "scratch_mb", "memory_mb", "basis", "untimed", "bills",
}  # fmt: skip


@pytest.fixture
def docs(tmp_path):
    return write_small_corpus(tmp_path / "docs")


@pytest.fixture
def endpoint():
    """A local endpoint that counts whoever comes near it: its address and the list of requests."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_): ...

        def do_GET(self):
            requests.append(self.path)
            self.send_error(503)

        do_POST = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", requests
    server.shutdown()
    server.server_close()


def dry_run(*arguments, json_too=True):
    given = [*map(str, arguments), "--dry-run", "-q", *(["--json"] if json_too else [])]
    result = CliRunner().invoke(idiolect, given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if json_too else result.stdout


def with_llm(url="https://llm.example/v1", model="writer"):
    return [f"generate.base_url={url}", f"generate.model={model}"]


def as_options(settings):
    return [part for setting in settings for part in ("--set", setting)]


def test_every_stage_is_estimated_and_no_byte_changes(docs, tmp_path, tiny_model, endpoint, one_thread):
    url, requests = endpoint
    before = tree_digests(tmp_path)
    settings = as_options([f"train.base={tiny_model}", *with_llm(url)])
    rows = dry_run("run", docs, "-w", tmp_path / "work", *settings)
    assert [row["stage"] for row in rows] == list(STAGES)
    assert all(row["would_run"] and set(row) == KEYS for row in rows)
    assert not (tmp_path / "work").exists()
    assert tree_digests(tmp_path) == before
    assert requests == []
    by_stage = {row["stage"]: row for row in rows}
    generate = by_stage.pop("generate")
    assert generate["llm_calls"] > 16
    assert generate["prompt_tokens"] > 300 * generate["llm_calls"]
    assert generate["price"] == 0  # the endpoint is on this machine
    assert generate["minutes"] is None
    for row in by_stage.values():
        assert row["llm_calls"] == 0
        assert row["minutes"] > 0
        assert row["memory_mb"] > 100
        assert row["disk_mb"] >= 0
        assert row["basis"]


def test_people_get_a_table_with_a_total_and_what_it_rests_on(docs, tmp_path, tiny_model, one_thread):
    shown = dry_run(
        "run",
        docs,
        "-w",
        tmp_path / "work",
        "--set",
        f"train.base={tiny_model}",
        "--to",
        "prepare",
        json_too=False,
    )
    assert "would run: first run" in shown
    assert "total" in shown
    assert "all there are" in shown
    assert "nothing was spent and nothing written" in shown
    assert max(map(len, shown.splitlines())) <= 110


def test_the_judge_has_a_row_of_its_own_below_the_stage(docs, tmp_path, tiny_model, one_thread):
    settings = [f"train.base={tiny_model}", *with_llm("http://127.0.0.1:9/v1"), "generate.judge=true"]
    given = ["run", docs, "-w", tmp_path / "work", *as_options(settings), "--to", "generate"]
    shown = dry_run(*given, json_too=False)
    rows = re.findall(r"^ +(generate|queries|judge|total) +([\d,]+) (.*)", shown, re.M)
    calls = {name: int(count.replace(",", "")) for name, count, _ in rows}
    assert calls["judge"] > 0
    assert calls["generate"] == calls["total"] == calls["queries"] + calls["judge"]
    assert [name for name, _, rest in rows if "+ ?" in rest] == ["generate", "total"]


def test_endpoints_to_compare_with_are_priced_and_not_asked(docs, tmp_path, tiny_model, endpoint, one_thread):
    url, requests = endpoint
    models = ["https://api.openai.com/v1#text-embedding-3-small", f"{url}#local", str(tiny_model)]
    settings = as_options([f"train.base={tiny_model}", f"evaluate.against={models}"])
    rows = dry_run("run", docs, "-w", tmp_path / "work", *settings)
    evaluate = next(row for row in rows if row["stage"] == "evaluate")
    assert [(bill["model"], bill["purpose"]) for bill in evaluate["bills"]] == [
        (name, "against") for name in models[:2]
    ]
    tokens = evaluate["bills"][0]["prompt_tokens"]
    assert tokens > 1_000
    assert evaluate["price"] == pytest.approx(0.02 * tokens / 1e6)
    assert sum("embeds all chunks once" in note for note in evaluate["basis"]) == 2
    assert requests == []
    models[0] = "https://api.openai.com/v1#another"
    settings[-1] = f"evaluate.against={models}"
    evaluate = next(
        row for row in dry_run("run", docs, "-w", tmp_path / "work", *settings) if row["stage"] == "evaluate"
    )
    assert evaluate["price"] is None


def test_a_stage_whose_inputs_are_missing_says_so(tmp_path, tiny_model):
    (row,) = dry_run("prepare", "-w", tmp_path / "work", "--set", f"train.base={tiny_model}")
    assert row["would_run"]
    assert row["minutes"] is None
    assert "ingest" in row["basis"][0]
    assert not (tmp_path / "work").exists()


def test_after_a_stage_has_run_its_counts_are_used_and_nothing_is_sampled(
    docs, tmp_path, tiny_model, one_thread
):
    work = tmp_path / "work"
    settings = ["--set", f"train.base={tiny_model}"]
    for stage in ("ingest", "generate"):
        given = [stage, *([str(docs)] if stage == "ingest" else []), "-w", str(work), "-q", *settings]
        assert CliRunner().invoke(idiolect, given, catch_exceptions=False).exit_code == 0
    before = tree_digests(work)
    rows = {row["stage"]: row for row in dry_run("run", docs, "-w", work, *settings, "--to", "prepare")}
    assert not rows["ingest"]["would_run"]
    assert set(rows["ingest"]) == {"stage", "would_run", "reason"}
    assert "chunks counted in" in rows["prepare"]["basis"][0]
    assert tree_digests(work) == before
    assert (
        dry_run("run", docs, "-w", work, *settings, "--to", "generate", json_too=False).count("up to date")
        == 2
    )


def test_another_file_of_prices_wakes_no_stage():
    (generate,) = (stage for stage in pipeline.STAGES if stage.name == "generate")
    assert "generate.prices" in generate.ignores


def one(work, docs, stage, *settings):
    (row,) = (
        row for row in estimate(work, load(None, settings), docs, ["ingest", stage]) if row.stage == stage
    )
    return row


def test_calls_stay_within_the_caps(docs, tmp_path, tiny_model):
    work = Workspace(tmp_path / "work")
    base = [f"train.base={tiny_model}", *with_llm()]
    free = one(work, docs, "generate", *base)
    capped = one(work, docs, "generate", *base, "generate.max_calls=5")
    starved = one(work, docs, "generate", *base, "generate.max_tokens=5000")
    assert free.llm_calls > 16
    assert capped.llm_calls == 5
    assert 0 < starved.prompt_tokens + starved.completion_tokens <= 5_000
    assert any("max_calls" in note for note in capped.basis)
    assert free.price is None
    assert any("price unknown" in note for note in free.basis)


def test_a_model_on_the_list_has_a_price(docs, tmp_path, tiny_model):
    settings = [f"train.base={tiny_model}", *with_llm("https://api.openai.com/v1", "gpt-4o-mini")]
    row = one(Workspace(tmp_path / "work"), docs, "generate", *settings)
    assert row.price == pytest.approx((0.15 * row.prompt_tokens + 0.60 * row.completion_tokens) / 1e6)


def a_manifest(work, stage, seconds, summary, settings, inputs=None, outputs=None, day=1):
    manifest = {
        "stage": stage,
        "started": f"2026-01-{day:02}T00:00:00+00:00",
        "seconds": seconds,
        "machine": f"{platform.system()} {platform.machine()}",
        "settings": settings,
        "inputs": inputs or {},
        "outputs": outputs or {},
        "summary": summary,
    }
    write_json(work.manifests / f"202601{day:02}-{stage}.json", manifest)


def test_an_earlier_run_of_the_llm_says_how_fast_it_answers(docs, tmp_path, tiny_model):
    work = Workspace(tmp_path / "work")
    settings = [f"train.base={tiny_model}", *with_llm()]
    assert one(work, docs, "generate", *settings).minutes is None
    a_manifest(work, "generate", 120.0, {"calls": 40, "queries": 160, "teacher": "llm:writer"}, {})
    row = one(work, docs, "generate", *settings)
    assert row.minutes == pytest.approx(row.llm_calls * 3 / 60, rel=0.1)
    assert any("40 calls" in note for note in row.basis)


def test_an_earlier_run_of_a_stage_beats_the_formula(docs, tmp_path, tiny_model, one_thread):
    """Twice the chunks of an earlier run take about twice its time, whatever this machine measures now."""
    work = Workspace(tmp_path / "work")
    settings = [f"train.base={tiny_model}"]
    now = one(work, docs, "train", *settings)
    counted = estimate(work, load(None, settings), docs, ["ingest"])[0].basis[0]
    chunks = int(counted.split(" with ")[1].split()[0].replace(",", ""))
    ingested = {"chunks": chunks // 2, "tokens": 40 * chunks // 2, "documents": 8}
    a_manifest(work, "ingest", 9.0, ingested, {}, outputs={"chunks": "c"})
    a_manifest(work, "prepare", 9.0, {"train": 100, "test": 10}, {}, {"chunks": "c"}, {"train": "t"})
    a_manifest(work, "train", 6_000.0, {"steps": 4}, {}, {"chunks": "c", "train": "t"}, day=2)
    scaled = one(work, docs, "train", *settings)
    assert any("2026-01-02" in note for note in scaled.basis)
    assert not any("measured" in note for note in scaled.basis)
    assert 100 < scaled.minutes < 1_000
    assert now.minutes < 10
