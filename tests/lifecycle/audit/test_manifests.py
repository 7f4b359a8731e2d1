"""What a manifest tells of a stage's run, that it holds no text and no secret, and that a changed one is found."""

import json
import re
import subprocess

import pytest
from builders import Listening
from teachers.chat_server import ChatServer, about
from tiny_model import save_tiny_model

from idiolect import __version__, pipeline
from idiolect.cli import main
from idiolect.config import load
from idiolect.errors import AuditError
from idiolect.estimates.spent import spent
from idiolect.files import digest_path, write_json, write_text
from idiolect.lifecycle.audit import provenance
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.audit.figures import figures
from idiolect.lifecycle.audit.manifests import read, without_secrets
from idiolect.lifecycle.audit.verifying import verify
from idiolect.runtimes.model_files import describe
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

TEXT = "The {0} lifts the gate. A {0} is a device that two people wind by hand. Its chain is greased every spring."


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A tiny model with a card."""
    path = save_tiny_model(tmp_path_factory.mktemp("base") / "tiny")
    write_text(path / "README.md", "---\nlicense: apache-2.0\nlanguage: en\n---\n\n# A model\n")
    return path


@pytest.fixture(scope="module")
def asked(tmp_path_factory, base):
    """WORK after ingest and a generate that asked an LLM, at an address that holds secrets."""
    folder = tmp_path_factory.mktemp("asked")
    for name in ("winch", "sluice", "weir"):
        write_text(folder / "docs" / f"{name}.md", f"# The {name}\n\n" + TEXT.format(name) + "\n")
    write_text(folder / "work" / "styles" / "question.md", "Ask plainly.\n")
    write_text(folder / "real.txt", "how is the gate lifted?\n")
    chat = ChatServer(lambda number, request: about(request))
    try:
        url = chat.url.replace("http://", "http://user:hunter7@") + "?code=hidden"
        config = load(
            None,
            [
                f"train.base={base}", f"generate.base_url={url}", "generate.model=m", "seed=5", "ingest.workers=1",
                f"generate.exemplars={folder / 'real.txt'}",
            ],
        )  # fmt: skip
        work = Workspace(folder / "work")
        pipeline.run(Context(work, config, Listening(), folder / "docs"), pipeline.between(None, "generate"))
    finally:
        chat.stop()
    return work


def manifest(work, stage):
    (path,) = work.manifests.glob(f"*-{stage}.json")
    return path


def test_a_manifest_says_what_a_result_came_from(asked, base):
    found = read(manifest(asked, "generate"))
    assert (found.stage, found.seed, found.idiolect) == ("generate", 5, __version__)
    assert found.config["generate"]["model"] == "m" and found.config["serve"]["port"] == 8000
    assert found.source == str(asked.root.with_name("docs"))
    assert found.outputs["queries"] == digest_path(asked.queries)
    assert found.code == provenance.code() and len(found.code.digest) == 64
    assert found.lock.packages["msgspec"] and "idiolect" not in found.lock.packages
    assert found.hardware.cores >= 1 and found.hardware.memory_mb > 100 and found.hardware.cpu
    ingest = read(manifest(asked, "ingest"))
    assert ingest.base == provenance.BaseModel(
        name="tiny", digest=describe(base).digest, licence="Apache-2.0"
    )
    assert ingest.llm is None and ingest.cost == []


def test_it_says_which_llm_was_asked_how_and_what_that_cost(asked):
    found = read(manifest(asked, "generate"))
    assert found.llm.teacher.model == "m" and found.llm.teacher.host.startswith("127.0.0.1:")
    assert found.llm.judge is None
    assert sorted(found.llm.prompts) == ["exemplars", "judging", "styles", "styles of WORK"]
    assert found.llm.prompts["exemplars"] == digest_path(asked.root.with_name("real.txt"))
    (bill,) = found.cost
    assert bill["llm_calls"] == found.summary["calls"] > 0
    assert bill["prompt_tokens"] == 100 * bill["llm_calls"]
    assert bill["price"] == 0, "it runs on this machine"


def test_a_bill_has_the_price_of_each_purpose(tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text(
        "[models.writer]\nprompt = 1\ncompletion = 10\n[models.stern]\nprompt = 2\ncompletion = 20\n"
    )
    settings = load(
        None,
        [
            "generate.base_url=https://llm.example/v1", "generate.model=writer", "generate.judge_model=stern",
            f"generate.prices={prices}",
        ],
    ).generate  # fmt: skip
    counts = {"calls": 3, "prompt_tokens": 1_000_000, "completion_tokens": 100_000}
    bills = spent(settings, {**counts, "judge": counts, "negatives": counts})
    assert [(bill.purpose, bill.price) for bill in bills] == [
        ("queries", 2.0),
        ("judge", 4.0),
        ("negatives", None),
    ]
    assert spent(settings, {"teacher": "extractive", "queries": 7}) == []


def test_no_record_holds_secrets_or_text(asked):
    records = [asked.audit, asked.audit_head, *asked.manifests.iterdir()]
    told = "".join(path.read_text() for path in records)
    assert "hunter7" not in told and "hidden" not in told and "user:" not in told
    for name in ("chunks", "queries"):
        for line in getattr(asked, name).open():
            assert json.loads(line)["text"] not in told


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("postgresql://me:p%40ss@db.example/docs?sslkey=k", "postgresql://db.example/docs"),
        ("https://a@b:c@host/v1?api-version=1#MODEL", "https://host/v1#MODEL"),
        ("https://host/v1#team/model@v2", "https://host/v1#team/model@v2"),
        ({"https://u:p@host/x": ["http://u@h?q"]}, {"https://host/x": ["http://h"]}),
        ("docs/what?.md", "docs/what?.md"),
        (7, 7),
    ],
)
def test_addresses_lose_what_may_be_secret(value, clean):
    assert without_secrets(value) == clean


def test_a_figure_that_cannot_be_read_fails_no_manifest(tmp_path):
    work = Workspace(tmp_path)
    for stage, path in (
        ("train", work.selection),
        ("evaluate", work.report),
        ("export", work.bundle / "manifest.json"),
    ):
        assert figures(work, stage) == {}
        write_json(path, ["something else"])
        assert figures(work, stage) == {}


def test_the_code_of_a_checkout_has_its_commit():
    commit = subprocess.run(
        ["git", "-C", str(provenance.PACKAGE), "rev-parse", "HEAD"], capture_output=True, text=True
    )
    if commit.returncode:
        pytest.skip("these sources lie in no git checkout")
    assert provenance.code().commit == commit.stdout.strip()


def test_an_environment_in_somebody_elses_checkout_is_not_taken_for_its_code(tmp_path, monkeypatch):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "theirs"], check=True)
    package = tmp_path / "lib" / "idiolect"
    write_text(package / "__init__.py", "")
    monkeypatch.setattr(provenance, "PACKAGE", package)
    assert provenance.code.__wrapped__().commit == ""


def test_the_records_of_a_run_verify(asked, capsys):
    with pytest.raises(SystemExit) as done:
        main(["audit", "verify", "-w", str(asked.root)])
    assert done.value.code == 0
    out = capsys.readouterr().out
    assert "2 entries" in out and "2 manifests as the log knows them" in out
    anchor = re.search(r"^head (\S+)$", out, re.MULTILINE)[1]
    with pytest.raises(SystemExit) as done:
        main(["audit", "verify", "-w", str(asked.root), "--anchor", anchor, "--json"])
    assert done.value.code == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["anchored"], figures["audit"]["manifests"], figures["audit"]["unlogged"]) == (True, 2, [])


def test_a_manifest_that_was_edited_or_taken_away_is_found(asked, capsys):
    path = manifest(asked, "ingest")
    content = path.read_text()
    try:
        path.write_text(content.replace('"seed": 5', '"seed": 6'))
        with pytest.raises(SystemExit) as done:
            main(["audit", "verify", "-w", str(asked.root)])
        assert done.value.code == 1
        said = capsys.readouterr().err
        assert said.startswith(f"error: {path} was edited: entry 1") and said.count("\n") == 1
        path.unlink()
        with pytest.raises(AuditError, match=r"is missing: entry 1 of audit\.jsonl names it"):
            verify(asked)
    finally:
        path.write_text(content)
    other = asked.manifests / "20260101T000000-train.json"
    other.write_text("{}")
    try:
        assert verify(asked).unlogged == [other.name], "of a run that was killed, or an older version's"
    finally:
        other.unlink()


def test_a_run_refuses_a_log_that_was_cut_before_it_starts(asked, base):
    content = asked.audit.read_bytes()
    asked.audit.write_bytes(content.splitlines(keepends=True)[0])
    before = sorted(asked.manifests.iterdir())
    try:
        context = Context(
            asked, load(None, [f"train.base={base}"]), Listening(), asked.root.with_name("docs")
        )
        with pytest.raises(AuditError, match=r"does not end with entry 2"):
            pipeline.run(context, pipeline.between(None, "ingest"))
    finally:
        asked.audit.write_bytes(content)
    assert sorted(asked.manifests.iterdir()) == before
    assert Chain(asked.audit).verify().entries == 2


@pytest.mark.parametrize("content", ["{", "[]", '{"stage": "train"}'])
def test_what_is_no_manifest_says_so(tmp_path, content):
    path = tmp_path / "m.json"
    with pytest.raises(AuditError, match="does not exist"):
        read(path)
    path.write_text(content)
    with pytest.raises(AuditError, match="is no manifest of a stage that can be read"):
        read(path)
